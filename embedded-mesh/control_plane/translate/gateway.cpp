// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/gateway.h"

#include "embedded-mesh/config/names.h"
#include "embedded-mesh/control_plane/translate/virtual_service.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

namespace meshyard::control_plane {

namespace {

namespace route_v3 = envoy::config::route::v3;
using kinds::v1::Server;

/// One port of the gateway: the servers of all its documents together.
struct GatewayPort
{
    struct Binding
    {
        const GatewayDoc* gateway = nullptr;
        const Server* server = nullptr;
    };
    std::vector<Binding> bindings;
    bool isTcp = false;
};

bool isTcp(const Server& server)
{
    std::string protocol = server.port().protocol();
    std::ranges::transform(protocol, protocol.begin(),
        [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return protocol == "TCP" || protocol == "TLS" || protocol == "MONGO";
}

/// The narrower of a VirtualService's host and a server's `[namespace/]host`; nullopt = they do not
/// meet.
std::optional<std::string> meet(
    const std::string& host, const std::string& ownNamespace, const GatewayPort::Binding& binding)
{
    for (const std::string& written : binding.server->hosts()) {
        std::string pattern = written;
        if (const std::size_t slash = written.find('/'); slash != std::string::npos) {
            const std::string ns = written.substr(0, slash);
            const bool takesNamespace = ns == "*" || ns == ownNamespace
                || (ns == "." && ownNamespace == binding.gateway->resource->id.ns);
            if (!takesNamespace)
                continue;
            pattern = written.substr(slash + 1);
        }
        if (pattern == host || config::hostMatches(pattern, host))
            return host;
        if (config::hostMatches(host, pattern))
            return pattern;
    }
    return std::nullopt;
}

RouteScope scopeOf(const RouteScope& scope, const GatewayPort::Binding& binding, std::uint16_t port)
{
    RouteScope own = scope;
    const config::ResourceId& id = binding.gateway->resource->id;
    own.gateway = id.ns + "/" + id.name;
    own.port = port;
    return own;
}

/// Routes by domain; several VirtualServices of one host follow each other, the oldest first.
std::map<std::string, std::vector<route_v3::Route>> routesByDomain(
    const GatewayPort& gatewayPort, std::uint16_t port, const RouteScope& scope)
{
    std::map<std::string, std::vector<route_v3::Route>> domains;
    for (const GatewayPort::Binding& binding : gatewayPort.bindings) {
        const RouteScope own = scopeOf(scope, binding, port);
        for (const VirtualServiceDoc* document :
            scope.config.virtualServicesOfGateway(*binding.gateway)) {
            for (const std::string& host : document->spec->hosts()) {
                const auto domain = meet(host, document->resource->id.ns, binding);
                if (!domain)
                    continue;
                auto& routes = domains[*domain];
                for (route_v3::Route& route : httpRoutes(*document, own))
                    routes.push_back(std::move(route));
            }
        }
    }
    return domains;
}

route_v3::RouteConfiguration httpGatewayRoutes(const std::string& name,
    const GatewayPort& gatewayPort, std::uint16_t port, const RouteScope& scope)
{
    route_v3::RouteConfiguration config;
    config.set_name(name);
    config.set_ignore_port_in_host_matching(true);
    auto domains = routesByDomain(gatewayPort, port, scope);
    domains["*"]; // what nothing takes is answered, too
    for (auto& [domain, routes] : domains) {
        auto* host = config.add_virtual_hosts();
        host->set_name(domain);
        host->add_domains(domain);
        refuseRest(
            fmt::format("no VirtualService of the gateway takes this request on port {}", port),
            routes);
        for (route_v3::Route& route : routes)
            *host->add_routes() = std::move(route);
    }
    return config;
}

TcpProxy tcpGatewayProxy(
    const GatewayPort& gatewayPort, std::uint16_t port, const RouteScope& scope)
{
    TcpProxy proxy;
    for (const GatewayPort::Binding& binding : gatewayPort.bindings) {
        const RouteScope own = scopeOf(scope, binding, port);
        for (const VirtualServiceDoc* document :
            scope.config.virtualServicesOfGateway(*binding.gateway)) {
            if (writeTcpTargets(*document, own, proxy))
                return proxy;
        }
    }
    proxy.set_cluster("unresolved");
    return proxy;
}

std::map<std::uint16_t, GatewayPort> portsOf(const InstanceView& instance, const RouteScope& scope)
{
    std::map<std::uint16_t, GatewayPort> ports;
    for (const GatewayDoc& gateway : scope.config.gateways()) {
        if (gateway.resource->id.ns != instance.node.ns
            || !hasLabels(labelsOf(instance), gateway.spec->selector()))
            continue;
        for (const Server& server : gateway.spec->servers()) {
            if (server.has_tls() && !server.tls().https_redirect()) {
                scope.warnings.insert({documentName(*gateway.resource),
                    fmt::format("port {}: tls is not supported yet, the server is left out",
                        server.port().number())});
                continue;
            }
            GatewayPort& port = ports[static_cast<std::uint16_t>(server.port().number())];
            port.bindings.push_back({&gateway, &server});
            port.isTcp = port.isTcp || isTcp(server);
        }
    }
    return ports;
}

} // namespace

GatewayConfig gatewayConfig(const InstanceView& instance, const RouteScope& scope)
{
    GatewayConfig out;
    const CorsFilter cors = scope.config.usesCors() ? CorsFilter::Present : CorsFilter::Absent;
    for (const auto& [port, gatewayPort] : portsOf(instance, scope)) {
        const auto hostPort = instance.hostPorts.find(port);
        const GatewayPort::Binding& first = gatewayPort.bindings.front();
        if (hostPort == instance.hostPorts.end() || hostPort->second == 0) {
            scope.warnings.insert({documentName(*first.gateway->resource),
                fmt::format("port {} is not mapped to a port of the host: give the gateway's "
                            "Workload a port {} with a hostPort",
                    port, port)});
            continue;
        }
        const std::string name = fmt::format("gateway|{}", port);
        const BindAddress bind{
            first.server->bind().empty() ? "127.0.0.1" : first.server->bind(), hostPort->second};
        if (gatewayPort.isTcp) {
            out.listeners.push_back(listenerAt(name, bind, ListenerRole::Gateway,
                tcpChain(name, tcpGatewayProxy(gatewayPort, port, scope))));
            continue;
        }
        out.listeners.push_back(listenerAt(
            name, bind, ListenerRole::Gateway, httpChain(name, ListenerRole::Gateway, cors)));
        out.routes.push_back(httpGatewayRoutes(name, gatewayPort, port, scope));
    }
    return out;
}

} // namespace meshyard::control_plane
