// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/openssl_context.h"

#include "embedded-mesh/net/openssl_stream.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>

namespace meshyard::net {

namespace {

constexpr std::size_t kMaxSessions = 1024;
// Forward secrecy and AEAD only. AES-128 first: the cheapest with AES instructions.
constexpr const char* kCiphers12
    = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
      "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kCiphers13
    = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

int numberOf(TlsOptions::Version version)
{
    return version == TlsOptions::Version::Tls13 ? TLS1_3_VERSION : TLS1_2_VERSION;
}

BioPointer bioOf(const std::string& pem)
{
    return BioPointer(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

/// Every certificate of a PEM text; stops at the first damaged one.
Result<std::vector<X509Pointer>> readCertificates(const std::string& pem, const char* what)
{
    std::vector<X509Pointer> found;
    const BioPointer bio = bioOf(pem);
    while (X509* const one = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr))
        found.emplace_back(one);
    const bool atEnd = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    const std::string reason = takeOpensslReason("damaged");
    if (!atEnd || found.empty()) {
        return failure(ErrorCode::InvalidArgument,
            std::string(what)
                + (atEnd ? ": no certificate in the PEM text"
                         : ": a certificate can't be read: " + reason));
    }
    return found;
}

int onPassword(char* buffer, int size, int /*forWriting*/, void* password)
{
    const auto& text = *static_cast<const std::string*>(password);
    if (text.size() > static_cast<std::size_t>(size))
        return -1;
    std::ranges::copy(text, buffer);
    return static_cast<int>(text.size()); // 0 refuses an encrypted key instead of asking a terminal
}

std::int64_t unixTime(const ASN1_TIME* time)
{
    int days = 0;
    int seconds = 0;
    const std::unique_ptr<ASN1_TIME, OpensslFree<ASN1_STRING_free>> epoch(
        ASN1_TIME_set(nullptr, 0));
    if (ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1)
        return 0;
    return std::int64_t{days} * 86400 + seconds;
}

} // namespace

Result<std::shared_ptr<const TlsContext>> TlsContext::make(Side side, const TlsOptions& options)
{
    auto context = std::make_shared<OpensslContext>(side);
    ERR_clear_error();
    if (auto done = context->configure(options); !done)
        return tl::unexpected(done.error());
    return context;
}

Result<void> OpensslContext::configure(const TlsOptions& options)
{
    const bool server = m_side == Side::Server;
    m_context.reset(SSL_CTX_new(server ? TLS_server_method() : TLS_client_method()));
    if (m_context == nullptr)
        return failure(ErrorCode::Internal, takeOpensslReason("no memory for a TLS context"));
    m_serverName = options.serverName;
    if (m_serverName.size() > 255)
        return failure(ErrorCode::InvalidArgument, "sni is longer than 255 bytes");
    SSL_CTX_set_mode(m_context.get(), SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(m_context.get(),
        SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    if (auto done = setProtocols(options); !done)
        return done;
    if (server && options.certificates.empty())
        return failure(ErrorCode::InvalidArgument, "a server needs a certificate");
    for (const TlsCertificate& certificate : options.certificates) {
        if (auto done = setCertificate(certificate); !done)
            return done;
    }
    if (auto done = setTrust(options); !done)
        return done;
    if (auto done = setAlpn(options.alpn); !done)
        return done;
    if (server && options.requireServerName)
        SSL_CTX_callback_ctrl(m_context.get(), SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
            reinterpret_cast<void (*)()>(&OpensslContext::onServerName)); // the macro has a C cast
    setSessions(options.resumes);
    return {};
}

Result<void> OpensslContext::setProtocols(const TlsOptions& options)
{
    SSL_CTX* const context = m_context.get();
    if (options.minimum > options.maximum)
        return failure(ErrorCode::InvalidArgument, "the minimum TLS version is above the maximum");
    SSL_CTX_set_min_proto_version(context, numberOf(options.minimum));
    SSL_CTX_set_max_proto_version(context, numberOf(options.maximum));
    SSL_CTX_set_ciphersuites(context, kCiphers13);
    std::string list;
    for (const std::string& name : options.cipherSuites) {
        // OpenSSL takes a list with one good name and drops the rest in silence.
        if (name.find(':') != std::string::npos
            || SSL_CTX_set_cipher_list(context, name.c_str()) != 1) {
            ERR_clear_error();
            return failure(ErrorCode::InvalidArgument, "unknown cipher suite '" + name + "'");
        }
        list += (list.empty() ? "" : ":") + name;
    }
    if (SSL_CTX_set_cipher_list(context, list.empty() ? kCiphers12 : list.c_str()) != 1)
        return failure(ErrorCode::InvalidArgument, takeOpensslReason("no usable cipher suite"));
    std::string groups;
    for (const std::string& curve : options.curves)
        groups += (groups.empty() ? "" : ":") + curve;
    if (SSL_CTX_set1_groups_list(context, groups.empty() ? "X25519:P-256" : groups.c_str()) != 1) {
        ERR_clear_error();
        return failure(ErrorCode::InvalidArgument, "unknown curve in '" + groups + "'");
    }
    return {};
}

Result<void> OpensslContext::setCertificate(const TlsCertificate& certificate)
{
    auto chain = readCertificates(certificate.chain, "certificate_chain");
    if (!chain)
        return tl::unexpected(chain.error());
    std::string password = certificate.password;
    const KeyPointer key(
        PEM_read_bio_PrivateKey(bioOf(certificate.key).get(), nullptr, &onPassword, &password));
    OPENSSL_cleanse(password.data(), password.size());
    if (key == nullptr) {
        return failure(ErrorCode::InvalidArgument,
            "private_key can't be read: " + takeOpensslReason("damaged"));
    }
    X509* const leaf = chain->front().get();
    if (X509_check_private_key(leaf, key.get()) != 1) {
        ERR_clear_error();
        return failure(
            ErrorCode::InvalidArgument, "private_key does not belong to certificate_chain");
    }
    STACK_OF(X509)* const rest = sk_X509_new_null();
    for (std::size_t i = 1; i < chain->size(); ++i)
        sk_X509_push(rest, (*chain)[i].get());
    const int set = SSL_CTX_use_cert_and_key(m_context.get(), leaf, key.get(), rest, 0);
    sk_X509_free(rest);
    if (set != 1) {
        return failure(ErrorCode::InvalidArgument,
            "certificate_chain is refused: " + takeOpensslReason("two of one key type"));
    }
    const std::vector<std::string> uris = subjectAltNames(leaf, SanTest::Kind::Uri);
    if (m_ownUri.empty() && !uris.empty())
        m_ownUri = uris.front();
    const std::int64_t ends = unixTime(X509_get0_notAfter(leaf));
    m_expiresAt = m_expiresAt == 0 ? ends : std::min(m_expiresAt, ends);
    return {};
}

Result<void> OpensslContext::setTrust(const TlsOptions& options)
{
    m_names = options.subjectAltNames;
    m_allowsExpired = options.allowExpired;
    m_acceptsUntrusted = options.acceptUntrusted;
    m_verifiesPeers = !options.trustedCa.empty();
    if (!m_verifiesPeers && !m_names.empty()) {
        return failure(ErrorCode::InvalidArgument,
            "match_typed_subject_alt_names without trusted_ca would verify nothing");
    }
    if (m_verifiesPeers) {
        auto bundle = readCertificates(options.trustedCa, "trusted_ca");
        if (!bundle)
            return tl::unexpected(bundle.error());
        X509_STORE* const store = SSL_CTX_get_cert_store(m_context.get());
        for (const X509Pointer& authority : *bundle) {
            X509_STORE_add_cert(store, authority.get());
            if (m_side == Side::Server)
                SSL_CTX_add_client_CA(m_context.get(), authority.get());
        }
        // What stands in the bundle is trusted, roots or not (as in Envoy).
        X509_STORE_set_flags(
            store, X509_V_FLAG_PARTIAL_CHAIN | (m_allowsExpired ? X509_V_FLAG_NO_CHECK_TIME : 0UL));
    }
    int mode = SSL_VERIFY_NONE;
    if (m_verifiesPeers || options.requireClientCertificate)
        mode = SSL_VERIFY_PEER;
    if (m_side == Side::Server && options.requireClientCertificate)
        mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
    SSL_CTX_set_verify(m_context.get(), mode, nullptr);
    SSL_CTX_set_cert_verify_callback(m_context.get(), &OpensslContext::onVerify, this);
    return {};
}

int OpensslContext::onVerify(X509_STORE_CTX* store, void* self)
{
    const auto& context = *static_cast<const OpensslContext*>(self);
    if (!context.m_verifiesPeers)
        return 1;
    int good = X509_verify_cert(store) == 1 ? 1 : 0;
    if (good == 1 && !context.acceptsNames(X509_STORE_CTX_get0_cert(store))) {
        X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
        good = 0;
    }
    return context.m_acceptsUntrusted ? 1 : good; // the verdict itself stays with the connection
}

bool OpensslContext::acceptsNames(X509* certificate) const
{
    return m_names.empty() || std::ranges::any_of(m_names, [&](const SanTest& test) {
        const std::vector<std::string> names = subjectAltNames(certificate, test.kind);
        return std::ranges::any_of(names, [&](const std::string& name) {
            return test.exactDns.empty() ? test.matches(name) : dnsNameCovers(name, test.exactDns);
        });
    });
}

Result<void> OpensslContext::setAlpn(const std::vector<std::string>& protocols)
{
    for (const std::string& protocol : protocols) {
        if (protocol.empty() || protocol.size() > 255)
            return failure(ErrorCode::InvalidArgument, "alpn_protocols: names have 1..255 bytes");
        m_alpn += static_cast<char>(protocol.size());
        m_alpn += protocol;
    }
    if (m_alpn.empty())
        return {};
    if (m_side == Side::Server)
        SSL_CTX_set_alpn_select_cb(m_context.get(), &OpensslContext::onSelectAlpn, this);
    else
        SSL_CTX_set_alpn_protos(m_context.get(),
            reinterpret_cast<const unsigned char*>(m_alpn.data()),
            static_cast<unsigned>(m_alpn.size()));
    return {};
}

int OpensslContext::onSelectAlpn(SSL* /*ssl*/, const unsigned char** chosen, unsigned char* size,
    const unsigned char* offered, unsigned offeredSize, void* self)
{
    const std::string& ours = static_cast<const OpensslContext*>(self)->m_alpn;
    unsigned char* found = nullptr;
    const int result
        = SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
            static_cast<unsigned>(ours.size()), offered, offeredSize);
    *chosen = found;
    return result == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_NOACK;
}

int OpensslContext::onServerName(SSL* ssl, int* alert, void* /*self*/)
{
    if (SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name) != nullptr)
        return SSL_TLSEXT_ERR_OK;
    *alert = SSL_AD_MISSING_EXTENSION;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void OpensslContext::setSessions(bool resumes)
{
    SSL_CTX* const context = m_context.get();
    m_resumes = resumes;
    if (m_side == Side::Client) {
        SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(context, &OpensslContext::onNewSession);
        return;
    }
    // Tickets only: nothing is kept here, and a new context (new trust, new certificate) has new
    // ticket keys, so that no session outlives what it was granted under.
    constexpr unsigned char kName[] = "meshyard";
    SSL_CTX_set_session_id_context(context, kName, sizeof kName - 1);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, resumes ? 1 : 0);
    if (!resumes)
        SSL_CTX_set_options(context, SSL_OP_NO_TICKET);
}

int OpensslContext::onNewSession(SSL* ssl, SSL_SESSION* session)
{
    const auto* const stream = static_cast<const OpensslStream*>(BIO_get_data(SSL_get_rbio(ssl)));
    if (stream->peerKey().empty())
        return 0;
    stream->context().keepSession(stream->peerKey(), SessionPointer(session));
    return 1; // ours now
}

void OpensslContext::keepSession(const std::string& peerKey, SessionPointer session) const
{
    const std::lock_guard lock(m_mutex);
    if (m_sessions.size() >= kMaxSessions && !m_sessions.contains(peerKey))
        m_sessions.erase(m_sessions.begin());
    m_sessions[peerKey] = std::move(session);
}

SessionPointer OpensslContext::findSession(const std::string& peerKey) const
{
    const std::lock_guard lock(m_mutex);
    const auto found = m_sessions.find(peerKey);
    if (found == m_sessions.end() || SSL_SESSION_is_resumable(found->second.get()) == 0)
        return nullptr;
    // A copy: OpenSSL writes into a session that is in use, and contexts serve several threads.
    return SessionPointer(SSL_SESSION_dup(found->second.get()));
}

std::shared_ptr<const PeerIdentity> OpensslContext::identityFor(
    X509* certificate, bool verified) const
{
    const std::string key = fingerprintOf(certificate) + (verified ? '+' : '-');
    const std::lock_guard lock(m_mutex);
    auto& known = m_identities[key];
    if (auto identity = known.lock())
        return identity;
    auto made = std::make_shared<PeerIdentity>(identityOf(certificate));
    made->verified = verified;
    known = made;
    if (m_identities.size() >= m_identitiesToSweep) {
        std::erase_if(m_identities, [](const auto& entry) { return entry.second.expired(); });
        m_identitiesToSweep = 64 + 2 * m_identities.size();
    }
    return made;
}

std::unique_ptr<TlsStream> OpensslContext::makeStream(
    std::string_view serverName, std::string_view peerKey) const
{
    return std::make_unique<OpensslStream>(shared_from_this(),
        serverName.empty() ? std::string(m_serverName) : std::string(serverName),
        std::string(m_resumes ? peerKey : std::string_view()));
}

} // namespace meshyard::net
