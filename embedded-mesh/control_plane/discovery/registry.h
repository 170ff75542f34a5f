// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/discovery/mesh_view.h"
#include "embedded-mesh/control_plane/discovery/workload_plan.h"
#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/result.h"
#include "meshyard/v1/observer.pb.h"
#include "meshyard/v1/supervision.pb.h"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace meshyard::control_plane {

/// What shall run and what does: Workloads on one side, the supervisors' reports on the other.
///
/// An instance that vanished stays known for a minute, so that its last telemetry finds its name.
/// Thread: any.
class Registry final
{
public:
    using SessionId = std::uint64_t;

    explicit Registry(const Clock& clock);

    /// Replaces the Workloads that shall run.
    void setWorkloads(std::vector<WorkloadPlan> plans);

    /// A supervisor attached. The embedded one runs the Workloads; its running instances are
    /// adopted.
    /// @return FailedPrecondition for a second embedded supervisor.
    Result<SessionId> attach(const v1::SupervisorHello& hello);
    void report(SessionId session, const v1::SupervisorReport& report);
    /// The stream ended. Instances of the embedded supervisor stay (it reconnects); a foreground's
    /// go.
    void detach(SessionId session);
    std::optional<SessionId> embedded() const;

    /// Decides what every supervisor shall run, with slots and host names. Call after each change.
    void reconcile();
    v1::SupervisorOrder order(SessionId session) const;
    std::vector<SessionId> sessions() const;

    MeshView view() const;
    std::vector<v1::Instance> instances() const;
    std::vector<v1::Node> nodes() const;
    /// Node of an instance, gone ones of the last minute included.
    std::map<std::string, NodeKey> nodesById() const;
    std::map<std::string, v1::InstanceStatus> statuses() const;
    struct Counts
    {
        std::uint32_t wanted = 0;
        std::uint32_t ready = 0;
    };
    Counts counts() const;
    bool isStopped() const; ///< no supervisor reports anything running
    void stopAll(); ///< from now on nothing is wanted
    bool isStopping() const;

private:
    struct Entry
    {
        SessionId session = 0;
        std::string captureBase; ///< of its supervisor, also while that is away
        std::string workload; ///< WorkloadPlan::key(); "" = foreground
        v1::InstanceSpec spec;
        v1::InstanceStatus status;
        bool reported = false;
        bool retiring = false;
    };
    struct Session
    {
        v1::SupervisorHello hello;
        bool foreground = false;
    };
    struct Departed
    {
        NodeKey node;
        std::map<std::string, std::string> labels;
        bool gateway = false;
        TimePoint at;
    };

    void adopt(SessionId session, const v1::InstanceStatus& status);
    void removeEntry(const std::string& id);
    void reconcileWorkload(const WorkloadPlan& plan, SessionId session);
    void addInstance(const WorkloadPlan& plan, SessionId session);
    void addForeground(SessionId session, const v1::InstanceSpec& spec);
    std::uint32_t freeSlot(SessionId session) const;
    void learnSlots(const v1::InstanceSpec& spec);
    std::uint32_t serviceSlot(const std::string& key);
    void fillHosts(Entry& entry);
    std::vector<ServiceView> servicesLocked() const;
    bool isReady(const Entry& entry) const;
    bool mayStart(const Entry& entry) const;
    NodeKey nodeOf(const v1::InstanceSpec& spec) const;
    void forgetDeparted();

    const Clock& m_clock;
    mutable std::mutex m_mutex; // guards all below
    std::map<std::string, WorkloadPlan> m_plans;
    std::map<std::string, Entry> m_entries; // by instance id
    std::map<SessionId, Session> m_sessions;
    std::map<std::string, std::uint32_t> m_serviceSlots; // "ns/service"
    std::map<std::string, Departed> m_departed;
    SessionId m_nextSession = 1;
    bool m_stopping = false;
};

/// "http", "http2", "grpc", "tcp" as written in a port.
Protocol protocolOf(const std::string& name);

} // namespace meshyard::control_plane
