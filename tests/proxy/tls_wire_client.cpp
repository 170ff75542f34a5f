// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls_wire_client.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <sys/socket.h>

#include <array>
#include <csignal>

using Version = meshyard::net::TlsOptions::Version;

namespace {

int numberOf(Version version)
{
    return version == Version::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

BIO* bioOf(const std::string& pem)
{
    return BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()));
}

} // namespace

TlsWireClient::TlsWireClient(std::uint16_t port, const meshyard::net::TlsOptions& options)
    : WireClient(port)
    , m_context(SSL_CTX_new(TLS_client_method()))
{
    ::signal(SIGPIPE, SIG_IGN); // OpenSSL writes without MSG_NOSIGNAL
    SSL_CTX_set_min_proto_version(m_context, numberOf(options.minimum));
    SSL_CTX_set_max_proto_version(m_context, numberOf(options.maximum));
    if (!options.certificates.empty()) {
        BIO* bio = bioOf(options.certificates.front().chain);
        X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
        BIO_free(bio);
        bio = bioOf(options.certificates.front().key);
        EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
        BIO_free(bio);
        SSL_CTX_use_cert_and_key(m_context, certificate, key, nullptr, 1);
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
    if (!options.trustedCa.empty()) {
        BIO* const bio = bioOf(options.trustedCa);
        X509* const authority = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
        BIO_free(bio);
        X509_STORE_add_cert(SSL_CTX_get_cert_store(m_context), authority);
        X509_free(authority);
        SSL_CTX_set_verify(m_context, SSL_VERIFY_PEER, nullptr);
    }
    m_ssl = SSL_new(m_context);
    std::string alpn;
    for (const std::string& name : options.alpn)
        alpn += static_cast<char>(name.size()) + name;
    if (!alpn.empty())
        SSL_set_alpn_protos(m_ssl, reinterpret_cast<const unsigned char*>(alpn.data()),
            static_cast<unsigned>(alpn.size()));
    if (!options.serverName.empty())
        SSL_ctrl(m_ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
            const_cast<char*>(options.serverName.c_str()));
    SSL_set_fd(m_ssl, fd());
    m_secure = isConnected() && SSL_connect(m_ssl) == 1;
    ERR_clear_error();
}

TlsWireClient::~TlsWireClient()
{
    SSL_free(m_ssl);
    SSL_CTX_free(m_context);
}

bool TlsWireClient::isServed()
{
    return m_secure && send("GET / HTTP/1.1\r\nHost: test\r\n\r\n") && receive().status == 200;
}

std::string TlsWireClient::protocol() const
{
    const unsigned char* data = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(m_ssl, &data, &size);
    return {reinterpret_cast<const char*>(data), size};
}

std::string TlsWireClient::serverCommonName() const
{
    std::array<char, 256> text{};
    if (X509* const certificate = SSL_get0_peer_certificate(m_ssl))
        X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(),
            static_cast<int>(text.size()));
    return text.data();
}

long TlsWireClient::readSome(char* data, std::size_t size)
{
    if (!m_secure)
        return -1;
    const int got = SSL_read(m_ssl, data, static_cast<int>(size));
    if (got <= 0)
        m_endedCleanly = SSL_get_error(m_ssl, got) == SSL_ERROR_ZERO_RETURN;
    ERR_clear_error();
    return got;
}

long TlsWireClient::writeSome(const char* data, std::size_t size)
{
    if (!m_secure)
        return -1;
    const int sent = SSL_write(m_ssl, data, static_cast<int>(size));
    ERR_clear_error();
    return sent;
}

void TlsWireClient::finishWriting()
{
    SSL_shutdown(m_ssl);
}

void TlsWireClient::truncate()
{
    ::shutdown(fd(), SHUT_WR);
}
