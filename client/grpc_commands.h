// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_commands.h"

namespace meshyard {

/// MeshCommands over gRPC: each call runs on gRPC's threads and answers on the thread that made us.
///
/// Thread: GUI. The destructor cancels what is under way and waits; those replies never come.
class GrpcCommands final : public MeshCommands
{
public:
    /// @param address see meshAddress(). @param author goes into revisions and overrides.
    GrpcCommands(const std::string& address, std::string author);
    ~GrpcCommands() override;

    void apply(const ApplyInput& input, QObject* context, Reply<ApplyOutput> reply) override;
    void get(const std::string& kind, const std::string& ns, const std::string& name,
        QObject* context, Reply<std::vector<StoredResource>> reply) override;
    void revisions(
        std::uint64_t number, QObject* context, Reply<std::vector<RevisionInfo>> reply) override;
    void undo(QObject* context, Reply<ApplyOutput> reply) override;
    void redo(QObject* context, Reply<ApplyOutput> reply) override;
    void rollback(
        std::uint64_t number, bool dryRun, QObject* context, Reply<ApplyOutput> reply) override;
    void setOverride(
        const OverrideInput& input, QObject* context, Reply<ActiveOverride> reply) override;
    void releaseOverride(const std::string& id, QObject* context, Reply<Done> reply) override;
    void resetBreaker(const EdgeSelector& edge, QObject* context, Reply<Done> reply) override;
    void configDump(const std::string& nodeId, QObject* context, Reply<std::string> reply) override;
    void stopMesh(QObject* context, Reply<Done> reply) override;

private:
    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace meshyard
