// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/admin/configuration.h"
#include "embedded-mesh/control_plane/admin/override_book.h"
#include "embedded-mesh/control_plane/discovery/registry.h"
#include "embedded-mesh/control_plane/store/store.h"
#include "embedded-mesh/control_plane/telemetry/hub.h"
#include "embedded-mesh/control_plane/translate/translator.h"
#include "embedded-mesh/control_plane/xds/sync_tracker.h"
#include "embedded-mesh/control_plane/xds/xds_cache.h"
#include "embedded-mesh/core/clock.h"
#include "meshyard/v1/admin.pb.h"

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace meshyard::control_plane {

/// Joins store, registry, translation, xDS cache and hub: whatever changes, everything after it is
/// brought up to date.
///
/// Thread: any; one thread of its own refreshes and ticks.
class MeshController final
{
public:
    struct Options
    {
        std::string dataDir;
        bool demo = false;
        std::string version;
    };
    /// Called with the order of a session, when it changed.
    using OrderSink = std::function<void(Registry::SessionId, const v1::SupervisorOrder&)>;

    /// `store` and `clock` outlive us.
    MeshController(Store& store, const Clock& clock, Options options);
    ~MeshController();
    MeshController(const MeshController&) = delete;
    MeshController& operator=(const MeshController&) = delete;

    void setXdsAddress(std::string address);
    void setOrderSink(OrderSink sink);
    void start();
    void stop();

    Configuration& configuration() { return m_configuration; }
    Registry& registry() { return m_registry; }
    TelemetryHub& hub() { return m_hub; }
    XdsCache& cache() { return m_cache; }
    SyncTracker& tracker() { return m_tracker; }

    /// Brings everything up to date now, on this thread.
    void refresh();
    /// The same, soon, on our own thread.
    void requestRefresh();

    v1::StatusResponse status() const;
    v1::ListServicesResponse services(const std::string& ns) const;
    v1::ListProxiesResponse proxies(const std::string& ns) const;
    v1::ListBreakersResponse breakers(const std::string& ns) const;
    Result<v1::ConfigDumpResponse> configDump(const std::string& nodeId) const;
    std::uint64_t appliedRevision() const;
    /// Every sidecar is connected and has acknowledged what it shall hold.
    bool allInSync() const;

    Result<v1::SetOverrideResponse> setOverride(const v1::SetOverrideRequest& request);
    Result<v1::SetOverrideResponse> releaseOverride(const v1::ReleaseOverrideRequest& request);
    Result<v1::SetOverrideResponse> resetBreaker(const v1::ResetBreakerRequest& request);

    /// Stops every instance; the supervisor then ends this process.
    void stopMesh(const std::string& operatorName);
    /// "HOST:PORT" of the first gateway; "" = none.
    std::string gatewayAddress() const;

private:
    enum class OverrideAct { Set, Released, Expired };

    config::MeshView validationView() const;
    void handleRevision(const Revision& revision);
    void handleSync(const NodeStatus& status, SyncTracker::Change change);
    void run();
    Result<void> checkEdge(const v1::EdgeSelector& edge) const;
    void tickOverrides();
    void pushOrders();
    Topology topology() const;
    Catalog catalog() const;
    v1::MeshInfo meshInfo() const;
    std::vector<v1::Service> serviceList() const;
    std::vector<v1::ProxyState> proxyList() const;
    std::vector<ForeignNode> foreignNodes(const MeshView& view) const;
    bool awaitsSupervisor() const;
    std::map<std::string, std::vector<v1::EdgeOverride>> pushOverrides();
    void awaitAcknowledged(const std::string& id, v1::SetOverrideResponse& response) const;
    static std::string overrideWords(const v1::ActiveOverride& active, OverrideAct act);
    void announceOverride(const v1::ActiveOverride& active, OverrideAct act);

    const Clock& m_clock;
    const Options m_options;
    const std::int64_t m_startedUnixMs;
    const TimePoint m_startedAt;
    Store& m_store;
    Registry m_registry;
    Configuration m_configuration;
    OverrideBook m_overrides;
    XdsCache m_cache;
    SyncTracker m_tracker;
    TelemetryHub m_hub;

    std::mutex m_refreshing; // one refresh at a time; guards m_sentOrders
    std::map<Registry::SessionId, std::string> m_sentOrders;

    mutable std::mutex m_mutex; // guards all below
    std::condition_variable m_wake;
    OrderSink m_orderSink;
    std::string m_xdsAddress;
    std::vector<std::string> m_problems;
    std::map<std::string, std::string> m_nacks; // node id -> last text
    std::uint64_t m_shownApplied = 0; // revision the watchers were told is applied
    bool m_publishWanted = false;
    bool m_refreshWanted = false;
    bool m_stopping = false;
    std::thread m_thread;
};

} // namespace meshyard::control_plane
