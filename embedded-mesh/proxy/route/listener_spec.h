// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_options.h"
#include "embedded-mesh/net/socket_address.h"
#include "embedded-mesh/proxy/route/filter_chain_match.h"
#include "embedded-mesh/proxy/route/path_rules.h"
#include "embedded-mesh/proxy/route/route_table.h"
#include "embedded-mesh/proxy/tls/tls_settings.h"

#include <set>

namespace envoy::config::listener::v3 {
class Listener;
}

namespace meshyard::proxy {

class FilterChain;
class NetworkRbac;
struct TelemetryRules;

/// forward_client_cert_details and what goes into our own entry.
struct ClientCertRules
{
    enum class Mode : std::uint8_t {
        Sanitize,
        ForwardOnly,
        AppendForward,
        SanitizeSet,
        AlwaysForwardOnly
    };

    Mode mode = Mode::Sanitize;
    bool subject = false;
    bool uri = false;
    bool dns = false;
};

enum class ListenerRole : std::uint8_t { Outbound, Inbound, Gateway };

/// A FilterChain compiled for the workers: all that a connection asks for; immutable.
struct FilterChainSpec : std::enable_shared_from_this<FilterChainSpec>
{
    using Role = ListenerRole;

    enum class Codec : std::uint8_t { Auto, Http1, Http2 };

    struct TcpTarget
    {
        std::string cluster;
        std::uint32_t weight = 1;
    };

    std::string name; // of the listener
    std::string key; // what stays the same chain through configuration changes
    FilterChainMatch match;
    Role role = Role::Outbound;
    std::uint16_t servicePort = 0; // inbound: the port callers know it by
    bool findsOriginalDestination = false; // of the listener

    std::shared_ptr<const TlsSettings> tlsSettings; // nullptr = plaintext
    std::shared_ptr<const net::TlsContext> tls; // of the settings, with the secrets of now
    std::chrono::microseconds handshakeTimeout = std::chrono::seconds(10);

    std::vector<TcpTarget> tcpTargets; // not empty: plain TCP, no HTTP
    std::uint64_t tcpWeight = 0;
    std::chrono::microseconds tcpIdleTimeout = std::chrono::hours(1);
    unsigned tcpConnectAttempts = 1;

    Codec codec = Codec::Auto;
    http::H2Options http2;
    UpgradeRules upgrades;
    std::string routeConfigName; // RDS; empty = inlineRoutes
    std::shared_ptr<const RouteTable> inlineRoutes;
    std::shared_ptr<const FilterChain> filters; // nullptr = none but the router
    std::shared_ptr<const NetworkRbac> networkRbac; // nullptr = every connection may
    PathRules pathRules;
    RequestView::Trust trust = RequestView::Trust::ForwardedFor;
    std::uint32_t trustedHops = 0;
    std::chrono::microseconds idleTimeout = std::chrono::hours(1); // between requests
    std::chrono::microseconds headTimeout{0}; // request_headers_timeout; 0 = none
    std::chrono::microseconds streamIdleTimeout = std::chrono::minutes(5); // 0 = none
    std::chrono::microseconds requestTimeout{0}; // for a whole request to arrive; 0 = none
    std::chrono::microseconds maxConnectionDuration{0}; // 0 = none
    std::uint32_t maxRequestsPerConnection = 0; // 0 = no limit
    bool makesRequestIds = true; // generate_request_id
    ClientCertRules clientCert;

    std::shared_ptr<const TelemetryRules> telemetry; // access logs, tracing; nullptr = none

    bool isTcp() const { return !tcpTargets.empty(); }
};

/// A Listener compiled for the workers; immutable.
struct ListenerSpec
{
    using Role = ListenerRole;

    std::string name;
    net::SocketAddress address;
    bool ignoresConnectionLimit = false; // the process's
    bool binds = true; // bind_to_port; false: only other listeners hand connections on
    bool handsOn = false; // use_original_dst: to the listener of the address that was meant
    bool findsOriginalDestination = false; // original_dst: look behind a REDIRECT
    bool inspects = false; // a chain asks for what stands in the first bytes
    bool inspectsHttp = false;
    std::chrono::microseconds inspectionTimeout = std::chrono::seconds(15); // 0 = none
    bool servesUninspected = false; // after the timeout, instead of closing
    std::vector<std::shared_ptr<const FilterChainSpec>> chains;
    std::shared_ptr<const FilterChainSpec> defaultChain;

    /// Whether chains differ in what they match: if not, chains.front() takes all.
    bool chooses() const { return chains.size() != 1 || !chains.front()->match.isEmpty(); }
    /// nullptr = no chain takes it: to be closed.
    std::shared_ptr<const FilterChainSpec> choose(const ConnectionFacts& facts) const;
    /// RDS names of all chains.
    std::set<std::string> routeNames() const;

    /// @param warnings gets what is understood but not supported yet.
    static Result<std::shared_ptr<const ListenerSpec>> compile(
        const envoy::config::listener::v3::Listener& listener, std::vector<std::string>& warnings);
};

} // namespace meshyard::proxy
