// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/tls/tls_settings.h"

#include <map>

namespace envoy::config::cluster::v3 {
class Cluster;
}
namespace envoy::config::core::v3 {
class Metadata;
}
namespace meshyard::net {
class Connection;
class SocketAddress;
} // namespace meshyard::net

namespace meshyard::proxy {

/// Endpoint metadata "envoy.transport_socket_match", values as text.
using TransportLabels = std::map<std::string, std::string>;

/// How a cluster's connections are protected: transport_socket and transport_socket_matches.
struct UpstreamTransport
{
    struct Choice
    {
        std::string name;
        TransportLabels labels; // all of them must be the endpoint's
        std::shared_ptr<const TlsSettings> settings; // nullptr = plaintext
        std::shared_ptr<const net::TlsContext> tls; // of the settings, with the secrets of now
    };

    std::vector<Choice> matches; // the first that fits
    Choice otherwise;
    std::string key; // equal texts = equal configuration

    static Result<UpstreamTransport> compile(const envoy::config::cluster::v3::Cluster& proto);
    /// What to offer by ALPN. @param always also in place of what the settings say.
    void offer(const std::vector<std::string>& protocols, bool always);
    static TransportLabels labelsOf(const envoy::config::core::v3::Metadata& metadata);

    const Choice& choose(const TransportLabels& labels) const;
    /// Begins to connect as the endpoint wants it; never in the clear where TLS is configured.
    Result<void> connect(net::Connection& connection, const net::SocketAddress& address,
        const TransportLabels& labels) const;
    template <typename Visit> void forEach(Visit&& visit) const
    {
        for (const Choice& choice : matches)
            visit(choice);
        visit(otherwise);
    }
};

} // namespace meshyard::proxy
