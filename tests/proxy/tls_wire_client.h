// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire_client.h"

#include "embedded-mesh/net/tls_context.h"

struct ssl_ctx_st;
struct ssl_st;

/// WireClient over TLS, by plain blocking OpenSSL: shares nothing with the proxy's own TLS.
class TlsWireClient : public WireClient
{
public:
    /// Uses certificates (the first), trustedCa, alpn, serverName and the versions.
    TlsWireClient(std::uint16_t port, const meshyard::net::TlsOptions& options);
    ~TlsWireClient() override;

    /// Our handshake is done; with TLS 1.3 the server may still refuse us.
    bool isSecure() const { return m_secure; }
    /// Done, and the server took us: a request got an answer.
    bool isServed();
    std::string protocol() const;
    /// Common name of the server's certificate.
    std::string serverCommonName() const;
    /// The server said that it was done (close_notify), as opposed to being cut off.
    bool endedCleanly() const { return m_endedCleanly; }
    void finishWriting() override;
    /// FIN without close_notify.
    void truncate();

private:
    long readSome(char* data, std::size_t size) override;
    long writeSome(const char* data, std::size_t size) override;

    ssl_ctx_st* m_context = nullptr;
    ssl_st* m_ssl = nullptr;
    bool m_secure = false;
    bool m_endedCleanly = false;
};
