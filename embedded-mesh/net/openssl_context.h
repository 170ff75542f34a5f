// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/openssl_text.h"

#include <map>
#include <mutex>

namespace meshyard::net {

using SslContextPointer = std::unique_ptr<SSL_CTX, OpensslFree<SSL_CTX_free>>;
using SessionPointer = std::unique_ptr<SSL_SESSION, OpensslFree<SSL_SESSION_free>>;

/// TlsContext by OpenSSL 3.
class OpensslContext final : public TlsContext, public std::enable_shared_from_this<OpensslContext>
{
public:
    explicit OpensslContext(Side side)
        : m_side(side)
    {
    }

    Result<void> configure(const TlsOptions& options);

    Side side() const override { return m_side; }
    std::unique_ptr<TlsStream> makeStream(
        std::string_view serverName, std::string_view peerKey) const override;
    const std::string& ownUri() const override { return m_ownUri; }
    std::int64_t expiresAtUnix() const override { return m_expiresAt; }

    SSL_CTX* get() const { return m_context.get(); }
    const std::string& serverName() const { return m_serverName; }
    bool verifiesPeers() const { return m_verifiesPeers; }
    bool allowsExpired() const { return m_allowsExpired; }

    /// Clients: remembers the newest session with a peer.
    void keepSession(const std::string& peerKey, SessionPointer session) const;
    /// nullptr = none.
    SessionPointer findSession(const std::string& peerKey) const;

    /// One object for all connections that show the same certificate.
    std::shared_ptr<const PeerIdentity> identityFor(X509* certificate, bool verified) const;

private:
    static int onVerify(X509_STORE_CTX* store, void* self);
    static int onSelectAlpn(SSL* ssl, const unsigned char** chosen, unsigned char* size,
        const unsigned char* offered, unsigned offeredSize, void* self);
    static int onNewSession(SSL* ssl, SSL_SESSION* session);

    Result<void> setProtocols(const TlsOptions& options);
    Result<void> setCertificate(const TlsCertificate& certificate);
    Result<void> setTrust(const TlsOptions& options);
    Result<void> setAlpn(const std::vector<std::string>& protocols);
    void setSessions(bool resumes);
    static int onServerName(SSL* ssl, int* alert, void* self);
    bool acceptsNames(X509* certificate) const;

    const Side m_side;
    SslContextPointer m_context;
    std::vector<SanTest> m_names;
    std::string m_alpn; // wire form
    std::string m_serverName;
    std::string m_ownUri;
    std::int64_t m_expiresAt = 0;
    bool m_resumes = true;
    bool m_verifiesPeers = false;
    bool m_allowsExpired = false;
    bool m_acceptsUntrusted = false;

    mutable std::mutex m_mutex; // guards what follows; taken once a handshake
    mutable std::map<std::string, SessionPointer> m_sessions;
    mutable std::map<std::string, std::weak_ptr<const PeerIdentity>> m_identities;
    mutable std::size_t m_identitiesToSweep = 64;
};

} // namespace meshyard::net
