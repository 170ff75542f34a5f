// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/tls_client_hello.h"

#include <QTest>

#include <openssl/ssl.h>

using namespace meshyard::net;
using State = ClientHelloResult::State;

namespace {

/// What OpenSSL's client sends first.
std::string hello(const char* serverName, std::string_view alpn, int version)
{
    SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_max_proto_version(context, version);
    SSL* const ssl = SSL_new(context);
    BIO* const in = BIO_new(BIO_s_mem());
    BIO* const out = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl, in, out);
    if (serverName != nullptr)
        SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
            const_cast<char*>(serverName));
    if (!alpn.empty())
        SSL_set_alpn_protos(ssl, reinterpret_cast<const unsigned char*>(alpn.data()),
            static_cast<unsigned>(alpn.size()));
    SSL_connect(ssl);
    char* data = nullptr;
    const long size = BIO_get_mem_data(out, &data);
    std::string bytes(data, static_cast<std::size_t>(size));
    SSL_free(ssl);
    SSL_CTX_free(context);
    return bytes;
}

/// The same message in records of so many bytes.
std::string split(const std::string& bytes, std::size_t piece)
{
    std::string result;
    for (std::size_t at = 5; at < bytes.size(); at += piece) {
        const std::string part = bytes.substr(at, piece);
        result += bytes.substr(0, 3);
        result += static_cast<char>(part.size() >> 8);
        result += static_cast<char>(part.size() & 255);
        result += part;
    }
    return result;
}

} // namespace

class TlsClientHelloTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsNameAndProtocols();
    void waitsForTheWholeMessage();
    void joinsRecords();
    void tellsOtherProtocolsApart();
    void refusesBrokenOnes();
    void survivesEveryChangedByte();
};

void TlsClientHelloTest::readsNameAndProtocols()
{
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        const auto result = parseClientHello(
            hello("Reviews.Test", std::string_view("\x02h2\x08http/1.1"), version));
        QCOMPARE(result.state, State::Complete);
        QCOMPARE(result.hello.serverName, std::string("reviews.test"));
        QCOMPARE(result.hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
    }
    const auto bare = parseClientHello(hello(nullptr, {}, TLS1_3_VERSION));
    QCOMPARE(bare.state, State::Complete);
    QCOMPARE(bare.hello, ClientHello{});
}

void TlsClientHelloTest::waitsForTheWholeMessage()
{
    const std::string whole = hello("a.test", {}, TLS1_3_VERSION);
    for (std::size_t size = 0; size < whole.size(); ++size)
        QCOMPARE(parseClientHello(std::string_view(whole).substr(0, size)).state, State::NeedMore);
    QCOMPARE(parseClientHello(whole + "what follows").state, State::Complete);
}

void TlsClientHelloTest::joinsRecords()
{
    const std::string whole = hello("a.test", {}, TLS1_3_VERSION);
    for (const std::size_t piece : {1U, 3U, 100U}) {
        const auto result = parseClientHello(split(whole, piece));
        QCOMPARE(result.state, State::Complete);
        QCOMPARE(result.hello.serverName, std::string("a.test"));
    }
}

void TlsClientHelloTest::tellsOtherProtocolsApart()
{
    QCOMPARE(parseClientHello("GET / HTTP/1.1\r\n").state, State::NotTls);
    QCOMPARE(parseClientHello("P").state, State::NotTls);
    QCOMPARE(parseClientHello("\x16").state, State::NeedMore);
    QCOMPARE(parseClientHello("\x16\x04").state, State::NotTls);
    QCOMPARE(
        parseClientHello(std::string_view("\x16\x03\x01\x00\x04\x02", 6)).state, State::NotTls);
}

void TlsClientHelloTest::refusesBrokenOnes()
{
    const std::string whole = hello("a.test", {}, TLS1_3_VERSION);
    std::string emptyRecord = whole;
    emptyRecord[3] = emptyRecord[4] = 0;
    QCOMPARE(parseClientHello(emptyRecord).state, State::Malformed);
    std::string longer = whole;
    longer[7] = static_cast<char>(longer[7] + 1); // the message claims 256 bytes more
    longer += std::string(300, '\0');
    QVERIFY(parseClientHello(longer).state != State::Complete);
    std::string badName = whole;
    badName.replace(badName.find("a.test"), 6, std::string("a\0test", 6));
    QCOMPARE(parseClientHello(badName).state, State::Malformed);
    std::string huge("\x16\x03\x01\x40\x00\x01\x00\x3f\xff", 9);
    huge += std::string(20000, '\0');
    QCOMPARE(parseClientHello(huge).state, State::Malformed);
    std::string tooLong("\x16\x03\x01\x40\x00\x01\x01\x00\x00", 9);
    QCOMPARE(parseClientHello(tooLong).state, State::Malformed);
}

void TlsClientHelloTest::survivesEveryChangedByte()
{
    const std::string whole = hello("a.test", std::string_view("\x02h2"), TLS1_3_VERSION);
    int complete = 0;
    for (std::size_t at = 0; at < whole.size(); ++at) {
        for (const int value : {0, 1, 127, 255}) {
            std::string changed = whole;
            changed[at] = static_cast<char>(value);
            complete += parseClientHello(changed).state == State::Complete ? 1 : 0;
        }
    }
    QVERIFY(complete > 0);
}

QTEST_APPLESS_MAIN(TlsClientHelloTest)
#include "tst_tls_client_hello.moc"
