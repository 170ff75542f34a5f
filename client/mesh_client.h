// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/edge_figures.h"
#include "client/mesh_commands.h"

#include <chrono>

namespace meshyard {

struct MeshStatus
{
    MeshInfo mesh;
    std::string version;
    std::int32_t pid = 0;
    std::vector<ActiveOverride> overrides;
    std::vector<Event> recentEvents; // oldest first
    std::string dataDir;
};

struct ServiceList
{
    std::vector<Service> services;
    std::vector<Node> nodes;
};

struct BreakerRow
{
    EdgeKey edge;
    EdgeBreaker breaker;
    std::string policy;
};

struct OverrideOutput
{
    ActiveOverride active;
    std::vector<std::string> proxies; // node ids it was sent to
    std::vector<std::string> acknowledged;
};

/// Blocking calls to a control plane, for command-line tools; a window takes MeshCommands.
///
/// Errors are the control plane's own sentence, or one that says how it could not be reached.
/// Thread: any, one call at a time.
class MeshClient final
{
public:
    /// @param address as meshAddress() gives it; a wrong one fails each call.
    explicit MeshClient(
        const std::string& address, std::chrono::milliseconds timeout = std::chrono::seconds(10));
    ~MeshClient();

    Result<MeshStatus> status();
    /// @param window seconds 1..120. @param ns "" = all.
    Result<std::vector<EdgeFigures>> edges(std::uint32_t window, const std::string& ns);
    Result<std::vector<Instance>> instances(const std::string& ns);
    Result<std::vector<ProxyState>> proxies(const std::string& ns);
    Result<ServiceList> services(const std::string& ns);
    Result<std::vector<BreakerRow>> breakers(const std::string& ns);

    Result<ApplyOutput> apply(const ApplyInput& input);
    Result<std::vector<StoredResource>> get(
        const std::string& kind, const std::string& ns, const std::string& name);
    Result<std::vector<RevisionInfo>> revisions(std::uint64_t number, std::uint32_t limit);
    enum class Direction { Undo, Redo };
    Result<ApplyOutput> undo(Direction direction, const std::string& author);
    Result<ApplyOutput> rollback(std::uint64_t number, const std::string& author);

    Result<OverrideOutput> setOverride(const OverrideInput& input);
    /// @param id empty: all overrides of `edge`.
    Result<OverrideOutput> releaseOverride(
        const std::string& id, const EdgeSelector& edge, const std::string& author);
    Result<OverrideOutput> resetBreaker(const EdgeSelector& edge, const std::string& author);
    Result<std::string> configDump(const std::string& nodeId);
    Result<MeshCommands::Done> stop(const std::string& author);

    /// Blocks and hands over one complete set after the other until `take` returns false.
    /// @return the error that ended the stream; Done when `take` did.
    Result<MeshCommands::Done> watch(const std::function<bool(const MeshFramePtr&)>& take);

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace meshyard
