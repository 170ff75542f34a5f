// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/tls/file_secret.h"

namespace envoy::config::core::v3 {
class TransportSocket;
}
namespace envoy::extensions::transport_sockets::tls::v3 {
class CommonTlsContext;
}

namespace meshyard::proxy {

/// A DownstreamTlsContext or UpstreamTlsContext compiled: what is fixed, and the names of the
/// secrets that are not here yet. Immutable.
struct TlsSettings
{
    using Side = net::TlsContext::Side;

    Side side = Side::Client;
    net::TlsOptions options; // without what secrets bring
    std::vector<std::string> certificateSecrets;
    std::string validationSecret; // empty = options hold the rules
    std::vector<FileSecret> files; // those of the secrets that are watched files
    std::string key; // equal texts = equal settings

    /// @return nullptr = raw_buffer: plaintext. Errors name the field.
    static Result<std::shared_ptr<const TlsSettings>> compile(
        const envoy::config::core::v3::TransportSocket& socket, Side side);

    /// All secrets that must be known first.
    std::vector<std::string> secretNames() const;
    bool isReady(const SecretTable& secrets) const;
    /// @return NotFound names the secret that is missing.
    Result<std::shared_ptr<const net::TlsContext>> build(const SecretTable& secrets) const;
};

} // namespace meshyard::proxy
