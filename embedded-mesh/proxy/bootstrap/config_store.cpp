// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/bootstrap/config_store.h"

#include "embedded-mesh/proxy/bootstrap/understood_fields.h"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "meshyard/v1/override.pb.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

using ListenerProto = envoy::config::listener::v3::Listener;
using RouteProto = envoy::config::route::v3::RouteConfiguration;
using ClusterProto = envoy::config::cluster::v3::Cluster;
using SecretProto = envoy::extensions::transport_sockets::tls::v3::Secret;
using EndpointProto = envoy::config::endpoint::v3::ClusterLoadAssignment;

const std::string& nameOf(const EndpointProto& assignment)
{
    return assignment.cluster_name();
}
template <typename Message> const std::string& nameOf(const Message& message)
{
    return message.name();
}

/// Endpoints a cluster brings itself.
Result<std::shared_ptr<const EndpointSet>> ownEndpoints(
    const ClusterSpec& spec, const ClusterProto& proto)
{
    return spec.dns ? EndpointSet::compileNames(proto.load_assignment(), *spec.dns)
                    : EndpointSet::compile(proto.load_assignment());
}

constexpr std::string_view kControlPlaneCluster = "meshyard_control_plane";

Result<void> keepsAds(const envoy::config::core::v3::ConfigSource& source, const std::string& place)
{
    if (source.has_ads() || source.has_self())
        return {};
    return failure(
        ErrorCode::InvalidArgument, place + ": only the config source 'ads' is supported");
}

} // namespace

ConfigStore::ConfigStore(const Clock& clock)
    : m_clock(clock)
{
}

Result<void> ConfigStore::loadStatic(const envoy::config::bootstrap::v3::Bootstrap& bootstrap)
{
    const auto& resources = bootstrap.static_resources();
    auto own = bootstrap;
    auto& clusters = *own.mutable_static_resources()->mutable_clusters();
    clusters.erase(
        std::remove_if(clusters.begin(), clusters.end(),
            [](const ClusterProto& cluster) { return cluster.name() == kControlPlaneCluster; }),
        clusters.end());
    if (const auto unsupported = fieldsWithoutEffect(own); !unsupported.empty())
        return failure(ErrorCode::InvalidArgument, unsupported.front() + " is not supported yet");
    if (auto loaded = loadSecrets(bootstrap); !loaded)
        return loaded;
    ConfigSnapshot fixed;
    for (const ClusterProto& proto : resources.clusters()) {
        // The control plane's own cluster is dialled by gRPC and may ask for what only gRPC does.
        if (proto.name() == kControlPlaneCluster)
            continue;
        auto spec = ClusterSpec::compile(proto, m_warnings);
        if (!spec)
            return tl::unexpected(spec.error());
        auto set = ownEndpoints(**spec, proto);
        if (!set)
            return tl::unexpected(set.error());
        if (!fixed.clusters.emplace(proto.name(), ConfigSnapshot::ClusterConfig{*spec, *set})
                .second)
            return failure(
                ErrorCode::InvalidArgument, "cluster '" + proto.name() + "' stands twice");
    }
    for (const ListenerProto& proto : resources.listeners()) {
        auto spec = ListenerSpec::compile(proto, m_warnings);
        if (!spec)
            return tl::unexpected(spec.error());
        if (!fixed.listeners.emplace((*spec)->name, *spec).second)
            return failure(
                ErrorCode::InvalidArgument, "listener '" + (*spec)->name + "' stands twice");
    }
    if (!m_warnings.empty()) // a file can be corrected: nothing is ignored in it
        return failure(ErrorCode::InvalidArgument, takeWarnings().front());
    m_static = std::move(fixed);
    return {};
}

Result<void> ConfigStore::loadSecrets(const envoy::config::bootstrap::v3::Bootstrap& bootstrap)
{
    for (const SecretProto& proto : bootstrap.static_resources().secrets()) {
        auto secret = Secret::compile(proto);
        if (!secret)
            return tl::unexpected(secret.error());
        if (!m_staticSecrets.emplace(proto.name(), std::move(*secret)).second)
            return failure(
                ErrorCode::InvalidArgument, "secret '" + proto.name() + "' stands twice");
    }
    return {};
}

template <typename Message, typename Compiled, typename Compile>
Result<void> ConfigStore::takeInto(
    Table<Compiled>& table, const Resources& resources, bool wholeSet, Compile&& compile)
{
    Table<Compiled> taken;
    for (const google::protobuf::Any& any : resources) {
        Message message;
        if (!any.UnpackTo(&message)) {
            return failure(ErrorCode::InvalidArgument,
                "resource is not a " + Message::descriptor()->full_name() + " but "
                    + any.type_url());
        }
        const std::string& name = nameOf(message);
        if (name.empty() || taken.contains(name)) {
            return failure(ErrorCode::InvalidArgument,
                name.empty() ? "a resource has no name" : "resource '" + name + "' stands twice");
        }
        const auto old = table.find(name);
        if (old != table.end() && old->second.bytes == any.value()) {
            taken.emplace(name, old->second);
            continue;
        }
        Result<std::shared_ptr<const Compiled>> compiled = compile(message);
        if (!compiled)
            return tl::unexpected(compiled.error());
        for (const std::string& field : fieldsWithoutEffect(message))
            m_warnings.push_back("'" + name + "': " + field + " is not supported yet");
        taken.emplace(name, Entry<Compiled>{any.value(), std::move(*compiled)});
    }
    if (!wholeSet)
        taken.merge(table); // what this response does not mention stays
    table = std::move(taken);
    return {};
}

Result<void> ConfigStore::update(
    std::string_view type, const std::string& version, const Resources& resources)
{
    Result<void> done;
    if (type == kListenerType) {
        done = takeInto<ListenerProto>(
            m_listeners, resources, true, [this](const ListenerProto& proto) {
                return ListenerSpec::compile(proto, m_warnings);
            });
    } else if (type == kClusterType) {
        done = takeInto<ClusterProto>(m_clusters, resources, true,
            [this](const ClusterProto& proto) -> Result<std::shared_ptr<const ClusterSpec>> {
                if (proto.has_eds_cluster_config()) {
                    if (auto ads = keepsAds(proto.eds_cluster_config().eds_config(),
                            "cluster '" + proto.name() + "' eds_cluster_config");
                        !ads)
                        return tl::unexpected(ads.error());
                }
                auto spec = ClusterSpec::compile(proto, m_warnings);
                if (spec && !(*spec)->usesEds) {
                    auto set = ownEndpoints(**spec, proto);
                    if (!set)
                        return tl::unexpected(set.error());
                    m_endpoints[proto.name()] = {proto.load_assignment().SerializeAsString(), *set};
                }
                return spec;
            });
    } else if (type == kRouteType) {
        done = takeInto<RouteProto>(m_routes, resources, false,
            [](const RouteProto& proto) { return RouteTable::compile(proto); });
    } else if (type == kEndpointType) {
        done = takeInto<EndpointProto>(m_endpoints, resources, false,
            [](const EndpointProto& proto) { return EndpointSet::compile(proto); });
    } else if (type == kSecretType) {
        done = takeInto<SecretProto>(m_secrets, resources, false,
            [](const SecretProto& proto) { return Secret::compile(proto); });
    } else if (type == kOverrideType) {
        done = takeOverrides(resources);
    } else {
        return failure(ErrorCode::InvalidArgument, "unknown type URL " + std::string(type));
    }
    if (done)
        noteVersion(type, version);
    return done;
}

void ConfigStore::noteVersion(std::string_view type, const std::string& version)
{
    m_versions[std::string(type)] = version;
    m_updated[std::string(type)] = m_clock.system();
}

WallTime ConfigStore::updatedAt(std::string_view type) const
{
    const auto found = m_updated.find(type);
    return found == m_updated.end() ? WallTime{} : found->second;
}

Result<void> ConfigStore::takeOverrides(const Resources& resources)
{
    std::vector<OverrideSpec> taken;
    const TimePoint now = m_clock.now();
    for (const google::protobuf::Any& any : resources) {
        v1::EdgeOverride proto;
        if (!any.UnpackTo(&proto))
            return failure(ErrorCode::InvalidArgument, "resource is not an EdgeOverride");
        OverrideSpec spec;
        spec.id = proto.id();
        spec.clusters.assign(proto.clusters().begin(), proto.clusters().end());
        spec.kind = static_cast<OverrideKind>(std::clamp<int>(proto.kind(), 0, 3));
        spec.drainPercent = proto.drain_percent();
        spec.deadlineUnixMs = proto.deadline_unix_ms();
        spec.reason = proto.reason();
        spec.operatorName = proto.operator_name();
        spec.reset = proto.reset();
        if (proto.remaining_ms() > 0)
            spec.deadline = now + std::chrono::milliseconds(proto.remaining_ms());
        else if (proto.deadline_unix_ms() > 0) // at its end already, or nobody filled it in
            spec.deadline = byWallTime(proto.deadline_unix_ms());
        // The same override sent again is not a longer one: it keeps our own countdown.
        const auto known = std::ranges::find_if(m_overrides, [&](const OverrideSpec& old) {
            return old.id == spec.id && old.deadlineUnixMs == spec.deadlineUnixMs;
        });
        if (known != m_overrides.end())
            spec.deadline = known->deadline;
        taken.push_back(std::move(spec));
    }
    m_overrides = std::move(taken);
    m_overrideBytes.clear();
    for (const google::protobuf::Any& any : resources)
        m_overrideBytes.push_back(any.value());
    return {};
}

std::shared_ptr<const ConfigSnapshot> ConfigStore::snapshot()
{
    auto made = std::make_shared<ConfigSnapshot>(m_static);
    for (const auto& [name, entry] : m_clusters) {
        const auto set = m_endpoints.find(entry.compiled->usesEds ? entry.compiled->edsName : name);
        if (set != m_endpoints.end())
            made->clusters[name] = {entry.compiled, set->second.compiled};
    }
    for (const auto& [name, entry] : m_routes)
        made->routes[name] = entry.compiled;
    for (const auto& [name, entry] : m_listeners) {
        const auto routes = entry.compiled->routeNames();
        if (std::ranges::all_of(routes, [&](const auto& each) { return m_routes.contains(each); }))
            made->listeners[entry.compiled->name] = entry.compiled;
    }
    SecretTable secrets = m_staticSecrets;
    for (const auto& [name, entry] : m_secrets)
        secrets[name] = entry.compiled;
    m_fileSecrets.add(TlsResolver::fileSecrets(*made), m_warnings);
    m_fileSecrets.copyInto(secrets);
    m_tls.resolve(*made, secrets, m_warnings);
    made->overrides = m_overrides;
    made->versions = m_versions;
    return made;
}

std::set<std::string> ConfigStore::endpointNames() const
{
    std::set<std::string> names;
    for (const auto& [name, entry] : m_clusters) {
        if (entry.compiled->usesEds)
            names.insert(entry.compiled->edsName);
    }
    return names;
}

std::set<std::string> ConfigStore::routeNames() const
{
    std::set<std::string> names;
    for (const auto& [name, entry] : m_listeners)
        names.merge(entry.compiled->routeNames());
    return names;
}

std::set<std::string> ConfigStore::secretNames() const
{
    std::set<std::string> names;
    for (const auto& [name, entry] : m_listeners)
        names.merge(TlsResolver::secretNames(*entry.compiled));
    for (const auto& [name, entry] : m_clusters)
        names.merge(TlsResolver::secretNames(*entry.compiled));
    for (const auto& [name, spec] : m_static.listeners)
        names.merge(TlsResolver::secretNames(*spec));
    for (const auto& [name, config] : m_static.clusters)
        names.merge(TlsResolver::secretNames(*config.spec));
    std::erase_if(names, [this](const auto& name) { return m_staticSecrets.contains(name); });
    return names;
}

bool ConfigStore::hasAllEndpoints() const
{
    return std::ranges::all_of(
        endpointNames(), [this](const auto& name) { return m_endpoints.contains(name); });
}

bool ConfigStore::isComplete() const
{
    const auto has = [](const auto& table) {
        return [&table](const std::string& name) { return table.contains(name); };
    };
    return hasAllEndpoints() && std::ranges::all_of(routeNames(), has(m_routes))
        && std::ranges::all_of(secretNames(), has(m_secrets));
}

std::vector<envoy::service::discovery::v3::DiscoveryResponse> ConfigStore::exportAll() const
{
    std::vector<envoy::service::discovery::v3::DiscoveryResponse> all;
    const auto begin = [&](std::string_view type) -> auto& {
        auto& response = all.emplace_back();
        response.set_type_url(std::string(type));
        if (const auto found = m_versions.find(std::string(type)); found != m_versions.end())
            response.set_version_info(found->second);
        return response;
    };
    const auto add = [](auto& response, const std::string& bytes) {
        google::protobuf::Any& any = *response.add_resources();
        any.set_type_url(response.type_url());
        any.set_value(bytes);
    };
    const auto addTable = [&](std::string_view type, const auto& table) {
        auto& response = begin(type);
        for (const auto& [name, entry] : table) {
            if (!entry.bytes.empty())
                add(response, entry.bytes);
        }
    };
    addTable(kClusterType, m_clusters);
    addTable(kEndpointType, m_endpoints);
    addTable(kListenerType, m_listeners);
    addTable(kRouteType, m_routes);
    auto& overrides = begin(kOverrideType);
    for (const std::string& bytes : m_overrideBytes)
        add(overrides, bytes);
    return all;
}

Result<void> ConfigStore::importAll(
    const std::vector<envoy::service::discovery::v3::DiscoveryResponse>& responses)
{
    ConfigStore fresh(m_clock);
    for (const auto& response : responses) {
        const auto done
            = fresh.update(response.type_url(), response.version_info(), response.resources());
        if (!done)
            return done;
    }
    fresh.countDownByWallTime();
    m_listeners = std::move(fresh.m_listeners);
    m_routes = std::move(fresh.m_routes);
    m_clusters = std::move(fresh.m_clusters);
    m_endpoints = std::move(fresh.m_endpoints);
    m_overrides = std::move(fresh.m_overrides);
    m_overrideBytes = std::move(fresh.m_overrideBytes);
    m_updated = std::move(fresh.m_updated);
    return {};
}

TimePoint ConfigStore::byWallTime(std::int64_t unixMs) const
{
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(
        m_clock.system().time_since_epoch());
    return m_clock.now() + (std::chrono::milliseconds(unixMs) - wall);
}

void ConfigStore::countDownByWallTime()
{
    for (OverrideSpec& override : m_overrides) {
        if (override.deadlineUnixMs > 0)
            override.deadline = byWallTime(override.deadlineUnixMs);
    }
}

} // namespace meshyard::proxy
