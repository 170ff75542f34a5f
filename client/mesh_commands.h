// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"
#include "embedded-mesh/core/result.h"

#include <QObject>

#include <functional>

namespace meshyard {

enum class DiagnosticSeverity : std::uint8_t { Info = 1, Warning = 2, Error = 3 };

/// One finding of the validation, as the control plane says it.
struct RemoteDiagnostic
{
    DiagnosticSeverity severity = DiagnosticSeverity::Error;
    std::string code;
    std::string file;
    std::uint32_t line = 0; // from 1; 0 = whole document
    std::uint32_t column = 0; // from 1
    std::string field;
    std::string message;
    std::string resource;
};

struct ResourceRef
{
    std::string kind;
    std::string ns;
    std::string name;

    auto operator<=>(const ResourceRef&) const = default;
    bool operator==(const ResourceRef&) const = default;
};

struct ResourceChange
{
    ResourceRef ref;
    std::string before; // empty = created
    std::string after; // empty = deleted
    std::string unifiedDiff;
};

struct StoredResource
{
    ResourceRef ref;
    std::string apiVersion;
    std::string text; // source text, comments kept
    std::uint64_t revision = 0;
    std::vector<RemoteDiagnostic> diagnostics;
};

struct RevisionInfo
{
    std::uint64_t number = 0;
    std::int64_t unixMs = 0;
    std::string author;
    std::string message;
    std::vector<ResourceRef> touched;
    std::vector<ResourceChange> changes; // only when one revision was asked for
    bool applied = false;
    bool undone = false;
    bool isUndo = false;
};

struct ApplyInput
{
    struct Document
    {
        std::string name;
        std::string text;
    };
    std::vector<Document> documents;
    std::vector<ResourceRef> deletes;
    std::string defaultNamespace;
    std::uint64_t baseRevision = 0; // 0 = newest
    std::string message;
    std::string author;
    bool validateOnly = false;
    bool dryRun = false;
};

struct ApplyOutput
{
    std::uint64_t revision = 0;
    bool stored = false;
    std::vector<RemoteDiagnostic> diagnostics;
    std::vector<ResourceChange> changes;
};

struct OverrideInput
{
    EdgeSelector edge;
    OverrideKind kind = OverrideKind::ForcedOpen;
    std::uint32_t drainPercent = 0;
    std::int64_t ttlMs = 600'000; // 5 s .. 24 h
    std::string reason;
    std::string operatorName;
    bool untilReleased = false;
};

/// Everything a console can do to a mesh. Never blocks; each reply comes once, on the GUI thread,
/// and not at all after `context` is gone. Errors are the control plane's own sentence.
class MeshCommands
{
public:
    template <typename T> using Reply = std::function<void(Result<T>)>;
    struct Done
    {
    };

    virtual ~MeshCommands() = default;

    virtual void apply(const ApplyInput& input, QObject* context, Reply<ApplyOutput> reply) = 0;
    virtual void get(const std::string& kind, const std::string& ns, const std::string& name,
        QObject* context, Reply<std::vector<StoredResource>> reply)
        = 0;
    /// @param number 0 = the newest 100, newest first; else that one with its changes.
    virtual void revisions(
        std::uint64_t number, QObject* context, Reply<std::vector<RevisionInfo>> reply)
        = 0;
    virtual void undo(QObject* context, Reply<ApplyOutput> reply) = 0;
    virtual void redo(QObject* context, Reply<ApplyOutput> reply) = 0;
    virtual void rollback(
        std::uint64_t number, bool dryRun, QObject* context, Reply<ApplyOutput> reply)
        = 0;
    virtual void setOverride(
        const OverrideInput& input, QObject* context, Reply<ActiveOverride> reply)
        = 0;
    virtual void releaseOverride(const std::string& id, QObject* context, Reply<Done> reply) = 0;
    virtual void resetBreaker(const EdgeSelector& edge, QObject* context, Reply<Done> reply) = 0;
    virtual void configDump(const std::string& nodeId, QObject* context, Reply<std::string> reply)
        = 0;
    virtual void stopMesh(QObject* context, Reply<Done> reply) = 0;
};

} // namespace meshyard
