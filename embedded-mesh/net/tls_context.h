// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/tls_stream.h"

#include <cstdint>
#include <functional>
#include <memory>

namespace meshyard::net {

/// A certificate chain, leaf first, and its key, as PEM.
struct TlsCertificate
{
    std::string chain;
    std::string key;
    std::string password; // of the key; empty = none

    bool operator==(const TlsCertificate&) const = default;
};

/// A condition on one kind of subject alternative name.
struct SanTest
{
    enum class Kind : std::uint8_t { Dns, Uri, Email, Ip };

    Kind kind = Kind::Dns;
    /// Called on any thread.
    std::function<bool(std::string_view)> matches;
    /// DNS only: a certificate's "*.example.org" stands for one label (RFC 6125).
    std::string exactDns;
};

struct TlsOptions
{
    enum class Version : std::uint8_t { Tls12, Tls13 };

    std::vector<TlsCertificate> certificates; // at most one of a key type
    std::string trustedCa; // PEM bundle; empty = the peer's chain is not verified
    std::vector<SanTest> subjectAltNames; // one must match; empty = any name. Needs trustedCa
    bool allowExpired = false;
    bool acceptUntrusted = false; // verify, but only to know
    bool requireClientCertificate = false; // servers
    bool requireServerName = false; // servers: SNI
    bool resumes = true; // sessions; by tickets on servers
    std::vector<std::string> alpn; // in order of preference
    Version minimum = Version::Tls12;
    Version maximum = Version::Tls13;
    std::vector<std::string> cipherSuites; // TLS 1.2, OpenSSL's names; empty = our own list
    std::vector<std::string> curves; // empty = X25519, P-256
    std::string serverName; // clients: SNI to send
};

/// Keys, trust and rules for the TLS connections of one side. Immutable: a new certificate makes a
/// new context, connections keep the one they began with.
///
/// Thread: any.
class TlsContext
{
public:
    enum class Side : std::uint8_t { Client, Server };

    /// @return InvalidArgument names what is wrong: PEM, key of another certificate, unknown
    /// cipher.
    static Result<std::shared_ptr<const TlsContext>> make(Side side, const TlsOptions& options);
    virtual ~TlsContext() = default;

    virtual Side side() const = 0;
    /// @param serverName clients: SNI instead of the context's; empty = the context's.
    /// @param peerKey clients: sessions are resumed among equal keys; empty = never.
    virtual std::unique_ptr<TlsStream> makeStream(
        std::string_view serverName, std::string_view peerKey) const
        = 0;
    /// First URI SAN of our first certificate; empty = none.
    virtual const std::string& ownUri() const = 0;
    /// When the first of our certificates ends, seconds since 1970; 0 = we have none.
    virtual std::int64_t expiresAtUnix() const = 0;
};

} // namespace meshyard::net
