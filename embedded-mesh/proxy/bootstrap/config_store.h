// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/config_snapshot.h"
#include "embedded-mesh/proxy/tls/tls_resolver.h"

#include <map>
#include <set>
#include <span>

namespace envoy::config::bootstrap::v3 {
class Bootstrap;
}
namespace envoy::service::discovery::v3 {
class DiscoveryResponse;
}
namespace google::protobuf {
class Any;
template <typename T> class RepeatedPtrField;
} // namespace google::protobuf

namespace meshyard::proxy {

inline constexpr std::string_view kListenerType
    = "type.googleapis.com/envoy.config.listener.v3.Listener";
inline constexpr std::string_view kRouteType
    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration";
inline constexpr std::string_view kClusterType
    = "type.googleapis.com/envoy.config.cluster.v3.Cluster";
inline constexpr std::string_view kEndpointType
    = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment";
inline constexpr std::string_view kSecretType
    = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret";
inline constexpr std::string_view kOverrideType = "type.googleapis.com/meshyard.v1.EdgeOverride";

/// All resources as received and compiled; makes snapshots of what is complete.
///
/// A response is taken whole or not at all; unchanged resources keep their compiled object. A new
/// cluster stays out until its endpoints are known, a new listener until its routes are, both until
/// their secrets are (warming);
/// what is already there goes on while its successor warms.
/// Thread: the configuration thread.
class ConfigStore final
{
public:
    using Resources = google::protobuf::RepeatedPtrField<google::protobuf::Any>;

    explicit ConfigStore(const Clock& clock);

    /// A field without effect is an error: a file can be corrected.
    Result<void> loadStatic(const envoy::config::bootstrap::v3::Bootstrap& bootstrap);
    /// Full set for listeners, clusters and overrides (absence deletes); any part for the others.
    /// @return what is wrong, naming resource and field; then nothing has changed.
    Result<void> update(
        std::string_view type, const std::string& version, const Resources& resources);

    std::shared_ptr<const ConfigSnapshot> snapshot();
    /// Looks whether files of secrets changed. @return whether a new snapshot differs.
    bool refreshFiles() { return m_fileSecrets.refresh(m_warnings); }
    bool watchesFiles() const { return !m_fileSecrets.isEmpty(); }
    /// Names to subscribe to, from clusters and listeners.
    std::set<std::string> endpointNames() const;
    std::set<std::string> routeNames() const;
    std::set<std::string> secretNames() const;
    bool hasAllEndpoints() const;
    /// Everything held but secrets, one full response a type: for the disk and for people.
    std::vector<envoy::service::discovery::v3::DiscoveryResponse> exportAll() const;
    /// Takes what exportAll() gave, all or nothing; overrides count down by wall time.
    Result<void> importAll(
        const std::vector<envoy::service::discovery::v3::DiscoveryResponse>& responses);
    /// When the last response of the type was taken.
    WallTime updatedAt(std::string_view type) const;
    /// No cluster and no listener is still warming.
    bool isComplete() const;
    /// Since the last call.
    std::vector<std::string> takeWarnings() { return std::exchange(m_warnings, {}); }

private:
    template <typename Compiled> struct Entry
    {
        std::string bytes; // as received: unchanged bytes keep the compiled object
        std::shared_ptr<const Compiled> compiled;
    };
    template <typename Compiled> using Table = std::map<std::string, Entry<Compiled>>;

    template <typename Message, typename Compiled, typename Compile>
    Result<void> takeInto(
        Table<Compiled>& table, const Resources& resources, bool wholeSet, Compile&& compile);
    Result<void> takeOverrides(const Resources& resources);
    void noteVersion(std::string_view type, const std::string& version);
    Result<void> loadSecrets(const envoy::config::bootstrap::v3::Bootstrap& bootstrap);
    TimePoint byWallTime(std::int64_t unixMs) const;
    void countDownByWallTime();

    const Clock& m_clock;
    ConfigSnapshot m_static;
    Table<ListenerSpec> m_listeners;
    Table<RouteTable> m_routes;
    Table<ClusterSpec> m_clusters;
    Table<EndpointSet> m_endpoints;
    Table<Secret> m_secrets;
    SecretTable m_staticSecrets;
    FileSecrets m_fileSecrets;
    TlsResolver m_tls;
    std::vector<OverrideSpec> m_overrides;
    std::vector<std::string> m_overrideBytes;
    std::map<std::string, std::string> m_versions;
    std::map<std::string, WallTime, std::less<>> m_updated; // by type
    std::vector<std::string> m_warnings;
};

} // namespace meshyard::proxy
