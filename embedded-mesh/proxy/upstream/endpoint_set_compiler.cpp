// SPDX-License-Identifier: GPL-3.0-or-later
// ClusterLoadAssignment to EndpointSet: everything that can be refused is refused here.
#include "embedded-mesh/proxy/route/proto_values.h"
#include "embedded-mesh/proxy/upstream/cluster_spec.h"
#include "embedded-mesh/proxy/upstream/metadata_pairs.h"

#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/config/endpoint/v3/endpoint_components.pb.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

namespace endpoint = envoy::config::endpoint::v3;

Result<net::SocketAddress> literalAddress(const envoy::config::core::v3::Address& address)
{
    if (address.has_pipe())
        return net::SocketAddress::fromPath(address.pipe().path());
    const auto& socket = address.socket_address();
    if (socket.port_value() == 0 || socket.port_value() > 65535)
        return failure(ErrorCode::InvalidArgument, "socket_address: port_value must be 1..65535");
    return net::SocketAddress::fromIp(
        socket.address(), static_cast<std::uint16_t>(socket.port_value()));
}

std::string metadataText(
    const envoy::config::core::v3::Metadata& metadata, const char* group, const char* key)
{
    const auto found = metadata.filter_metadata().find(group);
    if (found == metadata.filter_metadata().end())
        return {};
    const auto value = found->second.fields().find(key);
    return value == found->second.fields().end() ? std::string() : value->second.string_value();
}

void takeHealth(const endpoint::LbEndpoint& proto, EndpointSpec& spec)
{
    using envoy::config::core::v3::HealthStatus;
    switch (proto.health_status()) {
    case HealthStatus::UNHEALTHY:
    case HealthStatus::TIMEOUT:
        spec.healthy = false;
        break;
    case HealthStatus::DRAINING:
        spec.draining = true;
        break;
    case HealthStatus::DEGRADED:
        spec.degraded = true;
        break;
    default:
        break;
    }
}

Result<void> takeHealthCheck(const endpoint::Endpoint::HealthCheckConfig& proto, EndpointSpec& spec)
{
    spec.healthCheckHost = proto.hostname();
    spec.healthChecked = !proto.disable_active_health_check();
    if (proto.has_address()) {
        auto address = literalAddress(proto.address());
        if (!address)
            return at("health_check_config", address.error());
        spec.healthCheckAddress = *address;
    } else if (proto.port_value() > 0 && !spec.address.isEmpty()) {
        if (proto.port_value() > 65535)
            return failure(ErrorCode::InvalidArgument, "health_check_config: port_value > 65535");
        spec.healthCheckAddress = spec.address;
        spec.healthCheckAddress.setPort(static_cast<std::uint16_t>(proto.port_value()));
    }
    return {};
}

/// Everything but the address.
EndpointSpec commonOf(
    const endpoint::LbEndpoint& proto, const endpoint::LocalityLbEndpoints& locality)
{
    EndpointSpec spec;
    spec.instance = metadataText(proto.metadata(), "meshyard", "instance");
    spec.version = metadataText(proto.metadata(), "meshyard", "version");
    spec.hostname = proto.endpoint().hostname();
    if (proto.has_load_balancing_weight())
        spec.weight = std::max(proto.load_balancing_weight().value(), 1U);
    spec.priority = locality.priority();
    spec.transportLabels = UpstreamTransport::labelsOf(proto.metadata());
    spec.metadata = lbMetadata(proto.metadata());
    spec.listedMetadata = lbListItems(proto.metadata());
    spec.hashKey = metadataText(proto.metadata(), "envoy.lb", "hash_key");
    takeHealth(proto, spec);
    return spec;
}

/// Walks an assignment; names are looked up here or kept, as the cluster wants it.
class SetCompiler
{
public:
    SetCompiler(EndpointSet& set, const DnsSpec* dns)
        : m_set(set)
        , m_dns(dns)
    {
    }

    Result<void> add(const endpoint::LocalityLbEndpoints& locality)
    {
        const auto index = static_cast<std::uint32_t>(m_set.localityWeights.size());
        m_set.localityWeights.push_back(locality.load_balancing_weight().value());
        for (const auto& proto : locality.lb_endpoints()) {
            EndpointSpec spec = commonOf(proto, locality);
            spec.locality = index;
            if (auto done = place(proto, std::move(spec)); !done)
                return done;
        }
        return {};
    }

private:
    Result<void> place(const endpoint::LbEndpoint& proto, EndpointSpec spec)
    {
        const auto& socket = proto.endpoint().address().socket_address();
        auto address = literalAddress(proto.endpoint().address());
        if (!address) {
            const bool isName = socket.port_value() > 0 && socket.port_value() <= 65535
                && !socket.address().empty();
            if (!isName)
                return tl::unexpected(address.error());
            if (spec.hostname.empty())
                spec.hostname = socket.address();
            const auto port = static_cast<std::uint16_t>(socket.port_value());
            if (m_dns != nullptr)
                return keepName(proto, {socket.address(), port, std::move(spec)});
            auto resolved = net::resolve(socket.address(), port);
            if (!resolved)
                return tl::unexpected(resolved.error());
            address = resolved->front();
        }
        spec.address = *address;
        if (spec.instance.empty())
            spec.instance = spec.address.toString();
        if (auto done = takeHealthCheck(proto.endpoint().health_check_config(), spec); !done)
            return done;
        m_set.endpoints.push_back(std::move(spec));
        return {};
    }

    Result<void> keepName(const endpoint::LbEndpoint& proto, DnsName name)
    {
        if (auto done = takeHealthCheck(proto.endpoint().health_check_config(), name.common); !done)
            return done;
        m_set.names.push_back(std::move(name));
        return {};
    }

    EndpointSet& m_set;
    const DnsSpec* const m_dns;
};

Result<std::shared_ptr<EndpointSet>> compileSet(
    const endpoint::ClusterLoadAssignment& assignment, const DnsSpec* dns)
{
    auto set = std::make_shared<EndpointSet>();
    SetCompiler compiler(*set, dns);
    for (const auto& locality : assignment.endpoints()) {
        if (auto done = compiler.add(locality); !done)
            return at("load assignment '" + assignment.cluster_name() + "'", done.error());
    }
    set->fixedEndpoints = set->endpoints.size();
    if (assignment.policy().has_overprovisioning_factor())
        set->overprovisioning = assignment.policy().overprovisioning_factor().value();
    set->weightedPriorityHealth = assignment.policy().weighted_priority_health();
    return set;
}

} // namespace

Result<std::shared_ptr<const EndpointSet>> EndpointSet::compile(
    const endpoint::ClusterLoadAssignment& assignment)
{
    return compileSet(assignment, nullptr);
}

Result<std::shared_ptr<const EndpointSet>> EndpointSet::compileNames(
    const endpoint::ClusterLoadAssignment& assignment, const DnsSpec& dns)
{
    auto set = compileSet(assignment, &dns);
    if (!set)
        return tl::unexpected(set.error());
    std::vector<std::vector<net::SocketAddress>> addresses;
    for (const DnsName& name : (*set)->names) {
        auto resolved = net::resolve(name.host, name.port);
        addresses.push_back(
            resolved ? dns.filtered(std::move(*resolved)) : std::vector<net::SocketAddress>());
    }
    return (*set)->withAddresses(addresses, dns);
}

std::shared_ptr<const EndpointSet> EndpointSet::withAddresses(
    const std::vector<std::vector<net::SocketAddress>>& addresses, const DnsSpec& dns) const
{
    auto made = std::make_shared<EndpointSet>(*this);
    made->endpoints.resize(fixedEndpoints);
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::size_t count
            = dns.logical ? std::min<std::size_t>(addresses[i].size(), 1) : addresses[i].size();
        for (std::size_t k = 0; k < count; ++k) {
            EndpointSpec spec = names[i].common;
            spec.address = addresses[i][k];
            spec.address.setPort(names[i].port);
            if (spec.instance.empty())
                spec.instance = spec.address.toString();
            made->endpoints.push_back(std::move(spec));
        }
    }
    return made;
}

std::vector<net::SocketAddress> DnsSpec::filtered(std::vector<net::SocketAddress> addresses) const
{
    const auto has = [&](int wanted) {
        return std::ranges::any_of(addresses,
            [wanted](const net::SocketAddress& address) { return address.family() == wanted; });
    };
    int kept = AF_UNSPEC;
    switch (family) {
    case Family::V4Only:
        kept = AF_INET;
        break;
    case Family::V6Only:
        kept = AF_INET6;
        break;
    case Family::Auto:
        kept = has(AF_INET6) ? AF_INET6 : AF_INET;
        break;
    case Family::V4Preferred:
        kept = has(AF_INET) ? AF_INET : AF_INET6;
        break;
    case Family::All:
        return addresses;
    }
    std::erase_if(
        addresses, [kept](const net::SocketAddress& address) { return address.family() != kept; });
    return addresses;
}

} // namespace meshyard::proxy
