// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/body_decoder.h"

#include <QTest>

#include <string>

using namespace meshyard;
using namespace meshyard::http;

namespace {

struct Decoded
{
    std::string content;
    std::size_t consumed = 0;
};

/// Feeds `bytes` in pieces of `piece` bytes, as a socket would.
Decoded decode(BodyDecoder& decoder, const std::string& bytes, std::size_t piece)
{
    Decoded result;
    for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::string part = bytes.substr(at, piece);
        std::string_view input = part;
        while (!input.empty() && decoder.state() == BodyDecoder::State::Reading) {
            const BodyDecoder::Step step = decoder.next(input);
            result.content += step.data;
            result.consumed += step.consumed;
            input.remove_prefix(step.consumed);
        }
    }
    return result;
}

} // namespace

class BodyDecoderTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void decodesChunks_data();
    void decodesChunks();
    void refusesMalformedChunks_data();
    void refusesMalformedChunks();
    void countsALength();
    void readsUntilClose();
    void noBodyIsDoneAtOnce();
    void cutBodiesDoNotFinish();
    void boundsExtensionsAndTrailers();
    void chunkHeadersRoundTrip();
};

void BodyDecoderTest::decodesChunks_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("content");
    QTest::addColumn<QByteArray>("trailers");
    const auto row = [](const char* name, const QByteArray& bytes, const QByteArray& content,
                         const QByteArray& trailers = {}) {
        QTest::newRow(name) << bytes << content << trailers;
    };
    row("9112 7.1 empty body", "0\r\n\r\n", "");
    row("9112 7.1 one chunk", "5\r\nhello\r\n0\r\n\r\n", "hello");
    row("9112 7.1 several chunks", "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n", "abc");
    row("9112 7.1 upper-case size", "A\r\n0123456789\r\n0\r\n\r\n", "0123456789");
    row("9112 7.1 leading zeros", "0005\r\nhello\r\n000\r\n\r\n", "hello");
    row("9112 7.1 CRLF within the data", "4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n");
    row("9112 7.1.1 extension", "5;a=b\r\nhello\r\n0;c\r\n\r\n", "hello");
    row("9112 7.1.1 quoted extension", "5;a=\"b;c\"\r\nhello\r\n0\r\n\r\n", "hello");
    row("9112 7.1.1 space before the extension", "5 ;a\r\nhello\r\n0\r\n\r\n", "hello");
    row("9112 7.1.2 trailers", "1\r\na\r\n0\r\nX: y\r\nZ:\r\n\r\n", "a", "X: y\r\nZ:\r\n");
}

void BodyDecoderTest::decodesChunks()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, content);
    QFETCH(QByteArray, trailers);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{3}, std::size_t{1000}}) {
        BodyDecoder decoder({BodyKind::Chunked, 0});
        const Decoded result = decode(decoder, bytes.toStdString() + "GET /next", piece);
        QVERIFY(decoder.isDone());
        QCOMPARE(result.content, content.toStdString());
        QCOMPARE(result.consumed, std::size_t(bytes.size()));
        QCOMPARE(decoder.trailers(), trailers.toStdString());
        QCOMPARE(decoder.contentBytes(), std::uint64_t(content.size()));
    }
}

void BodyDecoderTest::refusesMalformedChunks_data()
{
    QTest::addColumn<QByteArray>("bytes");
    const auto row
        = [](const char* name, const QByteArray& bytes) { QTest::newRow(name) << bytes; };
    row("9112 7.1 no size", "\r\nhello\r\n");
    row("9112 7.1 not hex", "g\r\n");
    row("9112 7.1 hex prefix", "0x5\r\nhello\r\n");
    row("9112 7.1 sign", "+5\r\nhello\r\n");
    row("9112 7.1 leading space", " 5\r\nhello\r\n");
    row("9112 7.1 trailing space", "5 \r\nhello\r\n");
    row("9112 7.1 overflow", "ffffffffffffffff\r\n");
    row("9112 7.1 bare LF behind the size", "5\nhello\r\n");
    row("9112 7.1 bare CR behind the size", "5\rhello");
    row("9112 7.1 data too long", "5\r\nhello!\r\n");
    row("9112 7.1 data too short", "5\r\nhell\r\n0\r\n\r\n");
    row("9112 7.1 bare LF behind the data", "5\r\nhello\n0\r\n\r\n");
    row("9112 7.1.1 text for an extension", "5 a\r\nhello\r\n");
    row("9112 7.1.1 LF in an extension", "5;a\nb\r\nhello\r\n");
    row("9112 7.1.1 CR in an extension", "5;a\rb\r\nhello\r\n");
    row("9112 7.1.1 NUL in an extension", QByteArray("5;\0\r\nhello\r\n", 12));
    row("9112 7.1.2 trailer without a colon", "0\r\nX\r\n\r\n");
    row("9112 7.1.2 trailer with a space before the colon", "0\r\nX : y\r\n\r\n");
    row("9112 7.1.2 folded trailer", "0\r\nX: y\r\n z\r\n\r\n");
    row("9112 7.1.2 empty trailer name", "0\r\n: y\r\n\r\n");
    row("9112 7.1.2 bare LF ends a trailer", "0\r\nX: y\n\r\n");
    row("9112 7.1.2 NUL in a trailer", QByteArray("0\r\nX: \0\r\n\r\n", 11));
    row("9110 6.5.1 a length in a trailer", "0\r\ncontent-length: 3\r\n\r\n");
    row("9110 6.5.1 a coding in a trailer", "0\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n");
    row("9110 6.5.1 a host in a trailer", "0\r\nHOST: b\r\n\r\n");
    row("9112 7.1 bare LF ends the body", "0\r\n\n");
    row("9112 7.1 text for the final CRLF", "0\r\n\rx");
}

void BodyDecoderTest::refusesMalformedChunks()
{
    QFETCH(QByteArray, bytes);
    for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}}) {
        BodyDecoder decoder({BodyKind::Chunked, 0});
        decode(decoder, bytes.toStdString(), piece);
        QCOMPARE(int(decoder.state()), int(BodyDecoder::State::Invalid));
        QVERIFY(decoder.error() == HeadError::BadChunk || decoder.error() == HeadError::BadTrailer);
    }
}

void BodyDecoderTest::countsALength()
{
    BodyDecoder decoder({BodyKind::Length, 5});
    const Decoded result = decode(decoder, "hellorest", 2);
    QVERIFY(decoder.isDone());
    QCOMPARE(result.content, std::string("hello"));
    QCOMPARE(result.consumed, std::size_t{5});
}

void BodyDecoderTest::readsUntilClose()
{
    BodyDecoder decoder({BodyKind::UntilClose, 0});
    QCOMPARE(decode(decoder, "anything", 3).content, std::string("anything"));
    QVERIFY(!decoder.isDone());
    QVERIFY(decoder.finish());
    QVERIFY(decoder.isDone());
}

void BodyDecoderTest::noBodyIsDoneAtOnce()
{
    QVERIFY(BodyDecoder({BodyKind::None, 0}).isDone());
    QVERIFY(BodyDecoder({BodyKind::Length, 0}).isDone());
    QVERIFY(BodyDecoder().isDone());
}

void BodyDecoderTest::cutBodiesDoNotFinish()
{
    BodyDecoder length({BodyKind::Length, 5});
    decode(length, "hell", 4);
    QVERIFY(!length.finish());
    BodyDecoder chunked({BodyKind::Chunked, 0});
    decode(chunked, "5\r\nhello\r\n0\r\n", 100);
    QVERIFY(!chunked.finish());
}

void BodyDecoderTest::boundsExtensionsAndTrailers()
{
    BodyDecoder extension({BodyKind::Chunked, 0});
    decode(extension, "1;" + std::string(9000, 'x') + "\r\na\r\n", 4096);
    QCOMPARE(int(extension.error()), int(HeadError::BadChunk));
    BodyDecoder trailers({BodyKind::Chunked, 0});
    decode(trailers, "0\r\nX: " + std::string(20'000, 'x') + "\r\n\r\n", 4096);
    QCOMPARE(int(trailers.error()), int(HeadError::BadTrailer));
}

void BodyDecoderTest::chunkHeadersRoundTrip()
{
    QCOMPARE(std::string(ChunkHeader(500).text()), std::string("1f4\r\n"));
    const std::string content(70'000, 'x');
    const std::string bytes = std::string(ChunkHeader(content.size()).text()) + content + "\r\n"
        + std::string(kLastChunk);
    BodyDecoder decoder({BodyKind::Chunked, 0});
    QCOMPARE(decode(decoder, bytes, 999).content, content);
    QVERIFY(decoder.isDone());
}

QTEST_APPLESS_MAIN(BodyDecoderTest)
#include "tst_body_decoder.moc"
