// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/outbound.h"

#include "embedded-mesh/control_plane/translate/host_names.h"
#include "embedded-mesh/control_plane/translate/route_match.h"
#include "embedded-mesh/control_plane/translate/route_policies.h"
#include "embedded-mesh/control_plane/translate/virtual_service.h"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace meshyard::control_plane {

namespace {

namespace route_v3 = envoy::config::route::v3;

constexpr std::uint16_t kHttpPort = 80;

RouteScope withPort(const RouteScope& scope, std::uint16_t port)
{
    RouteScope own = scope;
    own.port = port;
    return own;
}

template <typename Routes> void addRoutes(Routes routes, route_v3::VirtualHost& host)
{
    for (route_v3::Route& route : routes)
        *host.add_routes() = std::move(route);
}

std::vector<route_v3::Route> routesOf(const VirtualServiceDoc& document, const RouteScope& scope)
{
    std::vector<route_v3::Route> routes = httpRoutes(document, scope);
    refuseRest(fmt::format("no route of {} matches", documentName(*document.resource)), routes);
    return routes;
}

/// Routes to a service port: its VirtualService, or straight to it.
std::vector<route_v3::Route> serviceRoutes(
    const config::HostTarget& service, const RouteScope& scope)
{
    const VirtualServiceDoc* document = scope.config.virtualServiceFor(scope.caller, service);
    if (document && document->spec->http_size() > 0)
        return routesOf(*document, scope);
    return {plainRoute(service, scope.port, scope)};
}

/// Collects `outbound|any`: one virtual host per service port, found by the Host header.
class AnyHostRoutes
{
public:
    explicit AnyHostRoutes(const RouteScope& scope)
        : m_scope(scope)
    {
        m_config.set_name(kOutboundAny);
    }

    void addService(const ServiceView& service, std::uint16_t port,
        const google::protobuf::RepeatedPtrField<route_v3::Route>& routes)
    {
        std::vector<std::string> domains;
        for (const std::string& name : hostNames(service.name, service.ns, m_scope.caller.ns)) {
            domains.push_back(fmt::format("{}:{}", name, port));
            if (port == ServiceDirectory::defaultPort(service))
                domains.push_back(name);
        }
        if (auto* host = add(fmt::format("{}/{}|{}", service.ns, service.name, port), domains))
            *host->mutable_routes() = routes;
    }

    /// Hosts that only a VirtualService knows.
    void addVirtualHosts()
    {
        const auto isService = [this](const config::HostTarget& target) {
            return m_scope.directory.find(target) != nullptr;
        };
        for (const auto& [name, document] :
            m_scope.config.virtualHosts(m_scope.caller, isService)) {
            if (document->spec->http_size() == 0)
                continue;
            if (auto* host = add(name, {name, name + ":*"}))
                addRoutes(routesOf(*document, withPort(m_scope, kHttpPort)), *host);
        }
    }

    route_v3::RouteConfiguration finish()
    {
        auto* rest = m_config.add_virtual_hosts();
        rest->set_name("unknown");
        rest->add_domains("*");
        auto* route = rest->add_routes();
        route->set_name("unknown");
        *route->mutable_match() = matchAll();
        refuse(*route, 503,
            fmt::format("no service of that name is visible from namespace {}", m_scope.caller.ns));
        return std::move(m_config);
    }

private:
    /// Envoy refuses a configuration in which a domain stands twice: the first keeps it.
    route_v3::VirtualHost* add(const std::string& name, const std::vector<std::string>& domains)
    {
        route_v3::VirtualHost* host = nullptr;
        for (const std::string& domain : domains) {
            if (!m_domains.insert(domain).second)
                continue;
            if (!host) {
                host = m_config.add_virtual_hosts();
                host->set_name(name);
            }
            host->add_domains(domain);
        }
        return host;
    }

    const RouteScope& m_scope;
    route_v3::RouteConfiguration m_config;
    std::set<std::string> m_domains;
};

} // namespace

OutboundConfig outboundConfig(const RouteScope& scope)
{
    OutboundConfig out;
    AnyHostRoutes any(scope);
    const CorsFilter cors = scope.config.usesCors() ? CorsFilter::Present : CorsFilter::Absent;
    for (const ServiceView* service : scope.directory.visibleFrom(scope.caller.ns)) {
        const config::HostTarget target{service->ns, service->name};
        for (const PortView& port : service->ports) {
            const RouteScope own = withPort(scope, port.port);
            const std::string name = outboundName(target, port.port);
            if (port.protocol == Protocol::Tcp) {
                out.captured.push_back(
                    {service->slot, port.port, name, tcpChain(name, tcpProxyOf(target, own))});
                continue;
            }
            out.captured.push_back(
                {service->slot, port.port, name, httpChain(name, ListenerRole::Outbound, cors)});
            route_v3::RouteConfiguration routes;
            routes.set_name(name);
            auto* host = routes.add_virtual_hosts();
            host->set_name(fmt::format("{}/{}", service->ns, service->name));
            host->add_domains("*");
            addRoutes(serviceRoutes(target, own), *host);
            any.addService(*service, port.port, host->routes());
            out.routes.push_back(std::move(routes));
        }
    }
    any.addVirtualHosts();
    out.routes.push_back(any.finish());
    return out;
}

} // namespace meshyard::control_plane
