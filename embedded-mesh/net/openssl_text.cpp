// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/openssl_text.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace meshyard::net {

namespace {

struct NamesFree
{
    void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};

int generalType(SanTest::Kind kind)
{
    switch (kind) {
    case SanTest::Kind::Uri:
        return GEN_URI;
    case SanTest::Kind::Email:
        return GEN_EMAIL;
    case SanTest::Kind::Ip:
        return GEN_IPADD;
    default:
        return GEN_DNS;
    }
}

std::string textOf(const ASN1_STRING* value)
{
    const auto* const bytes = ASN1_STRING_get0_data(value);
    return {reinterpret_cast<const char*>(bytes),
        static_cast<std::size_t>(std::max(ASN1_STRING_length(value), 0))};
}

std::string addressText(const ASN1_STRING* value)
{
    std::array<char, INET6_ADDRSTRLEN> text{};
    const int size = ASN1_STRING_length(value);
    if (size != 4 && size != 16)
        return {};
    ::inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(value), text.data(),
        static_cast<socklen_t>(text.size()));
    return text.data();
}

std::string subjectText(X509* certificate)
{
    const BioPointer bio(BIO_new(BIO_s_mem()));
    X509_NAME_print_ex(bio.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

bool equalNames(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

} // namespace

std::string takeOpensslReason(const char* fallback)
{
    const unsigned long code = ERR_peek_error();
    const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
    const std::string text = reason == nullptr ? fallback : reason;
    ERR_clear_error();
    return text;
}

Error tlsFailure(SSL* ssl, bool handshaking)
{
    const unsigned long code = ERR_peek_error();
    const int reason = ERR_GET_REASON(code);
    const std::string place = handshaking ? "TLS handshake failed: " : "TLS failed: ";
    if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
        switch (reason) {
        case SSL_R_CERTIFICATE_VERIFY_FAILED: {
            ERR_clear_error();
            const long verdict = SSL_get_verify_result(ssl);
            const char* const why = verdict == X509_V_ERR_APPLICATION_VERIFICATION
                ? "no subject alternative name is one we expect"
                : X509_verify_cert_error_string(verdict);
            return {ErrorCode::Unauthenticated,
                place + "the peer's certificate is refused: " + std::string(why)};
        }
        case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
            ERR_clear_error();
            return {ErrorCode::Unauthenticated, place + "the peer showed no certificate"};
        case SSL_R_WRONG_VERSION_NUMBER:
        case SSL_R_HTTP_REQUEST:
        case SSL_R_HTTPS_PROXY_REQUEST:
        case SSL_R_RECORD_LENGTH_MISMATCH:
            ERR_clear_error();
            return {ErrorCode::Unavailable, place + "the peer does not speak TLS"};
        default:
            break;
        }
    }
    const bool alert = ERR_GET_LIB(code) == ERR_LIB_SSL && reason >= SSL_AD_REASON_OFFSET;
    return {alert ? ErrorCode::Unauthenticated : ErrorCode::Unavailable,
        place + takeOpensslReason("protocol error")};
}

std::vector<std::string> subjectAltNames(X509* certificate, SanTest::Kind kind)
{
    std::vector<std::string> found;
    const std::unique_ptr<GENERAL_NAMES, NamesFree> names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
    if (names == nullptr)
        return found;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != generalType(kind))
            continue;
        std::string text
            = kind == SanTest::Kind::Ip ? addressText(name->d.iPAddress) : textOf(name->d.ia5);
        // A name with a NUL in it was made to be misread.
        if (!text.empty() && text.find('\0') == std::string::npos)
            found.push_back(std::move(text));
    }
    return found;
}

std::string fingerprintOf(X509* certificate)
{
    std::string text;
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    if (X509_digest(certificate, EVP_sha256(), digest.data(), &size) != 1)
        return text;
    constexpr std::string_view kHex = "0123456789abcdef";
    for (unsigned i = 0; i < size; ++i) {
        text += kHex[digest[i] >> 4];
        text += kHex[digest[i] & 15];
    }
    return text;
}

PeerIdentity identityOf(X509* certificate)
{
    PeerIdentity identity;
    identity.uriSans = subjectAltNames(certificate, SanTest::Kind::Uri);
    identity.dnsSans = subjectAltNames(certificate, SanTest::Kind::Dns);
    identity.subject = subjectText(certificate);
    identity.fingerprint = fingerprintOf(certificate);
    return identity;
}

bool dnsNameCovers(std::string_view pattern, std::string_view host)
{
    if (equalNames(pattern, host))
        return true;
    if (!pattern.starts_with("*.") || pattern.find('*', 1) != std::string_view::npos)
        return false;
    const std::size_t dot = host.find('.');
    return dot != std::string_view::npos && dot > 0
        && equalNames(pattern.substr(1), host.substr(dot));
}

} // namespace meshyard::net
