// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_commands.h"
#include "client/mesh_source.h"

#include <QStringList>

namespace meshyard::test {

/// Frames of a small mesh in trouble, shaped like the demo: what a control plane would say.
class Bookshop final
{
public:
    /// The whole state at second 0.
    MeshFramePtr full();
    /// The next second: the same traffic once more.
    MeshFramePtr next();

    static NodeKey node(const char* service, const char* version, const char* ns = "production");
    static EdgeKey edge(const NodeKey& from, const NodeKey& to);

    std::int64_t unixMs = 1'700'000'000'000;
    bool ratingsFail = true;
    std::uint64_t revision = 41;
    std::vector<ActiveOverride> overrides;

private:
    struct Call
    {
        EdgeKey key;
        std::uint64_t ok = 0;
        std::uint64_t failed = 0;
        std::uint64_t latencyUs = 0;
    };

    std::vector<Call> calls() const;
    std::vector<EdgeSample> samples() const;
    EdgeBreaker breakerOf(const Call& call) const;
};

/// A source that says what it is told to.
class ToldSource final : public MeshSource
{
public:
    void start() override { setState(State::Live); }
    void stop() override { setState(State::Idle); }
    State state() const override { return m_state; }
    QString errorText() const override { return {}; }
    std::int64_t lastHeardMs() const override { return m_heard; }
    bool isWritable() const override { return true; }

    void tell(const MeshFramePtr& frame);
    void setState(State state);

private:
    State m_state = State::Idle;
    std::int64_t m_heard = 0;
};

/// Remembers what was asked for and answers as set.
class NotedCommands final : public MeshCommands
{
public:
    struct Log
    {
        std::vector<ApplyInput> applied;
        std::vector<OverrideInput> overrides;
        std::vector<EdgeSelector> resets;
        QStringList released;
        int undone = 0;
        std::vector<StoredResource> documents;
        std::string refusal; // not empty: apply is refused with these words
    };

    explicit NotedCommands(Log& log)
        : m_log(log)
    {
    }

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
    Log& m_log;
};

} // namespace meshyard::test
