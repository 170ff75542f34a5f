// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/diagnostic.h"
#include "embedded-mesh/control_plane/store/sqlite.h"
#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/result.h"

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace meshyard::control_plane {

/// A document as people wrote it.
struct StoredText
{
    config::ResourceId id;
    std::string apiVersion;
    std::string text;
    std::uint64_t created = 0; ///< revision that created it
    std::uint64_t revision = 0; ///< that changed it last
};

/// One document before and after a revision; nullopt = it did not exist.
struct TextChange
{
    config::ResourceId id;
    std::string apiVersion;
    std::optional<std::string> before;
    std::optional<std::string> after;
};

enum class RevisionKind : std::uint8_t {
    Apply,
    Undo,
    Redo,
    Rollback,
    Seed, ///< a new mesh's first documents: not undone
};

struct Revision
{
    std::uint64_t number = 0;
    std::int64_t unixMs = 0;
    std::string author;
    std::string message;
    RevisionKind kind = RevisionKind::Apply;
    std::uint64_t target = 0; ///< undo, redo, rollback: which revision
    std::vector<TextChange> changes;
    bool undone = false;
};

/// What shall be written in one revision.
struct ChangeSet
{
    struct Write
    {
        config::ResourceId id;
        std::string apiVersion;
        std::optional<std::string> text; ///< nullopt = delete
    };
    std::vector<Write> writes;
    std::vector<config::ResourceId> references; ///< may not have changed since `base` either
    std::uint64_t base = 0; ///< 0 = whatever is newest
    std::string author;
    std::string message;
    RevisionKind kind = RevisionKind::Apply;
};

/// An override in force, as an opaque record of the layer above.
struct StoredOperation
{
    std::string id;
    std::string payload;
    std::int64_t deadlineUnixMs = 0; ///< 0 = until released
};

/// The configuration with its whole history, in one SQLite file (WAL, FULL: what was acknowledged
/// survives a kill). One revision is one transaction.
///
/// Thread: any; calls wait for each other.
class Store final
{
public:
    /// A damaged file is set aside under another name and a new one begun; notice() then says so.
    static Result<std::unique_ptr<Store>> open(const std::string& dir, const Clock& clock);

    const std::string& meshId() const { return m_meshId; }
    const std::string& notice() const { return m_notice; }

    std::uint64_t newest() const;
    std::vector<StoredText> resources() const;
    /// @return OutOfRange for a revision that does not exist.
    Result<std::vector<StoredText>> resourcesAt(std::uint64_t revision) const;

    /// @return the new revision; the newest one with no changes when nothing differs; Aborted when
    /// a touched or referenced document changed after `base`.
    Result<Revision> apply(const ChangeSet& changes);
    /// What apply() would change, without doing it.
    Result<std::vector<TextChange>> plan(const ChangeSet& changes) const;
    /// @return FailedPrecondition when there is nothing to undo or redo.
    Result<Revision> undo(const std::string& author);
    Result<Revision> redo(const std::string& author);
    Result<Revision> rollback(std::uint64_t number, const std::string& author);
    Result<std::vector<TextChange>> planRollback(std::uint64_t number) const;
    bool canUndo() const;
    bool canRedo() const;

    /// Newest first, without their changes' texts.
    std::vector<Revision> revisions(std::uint32_t limit) const;
    Result<Revision> revision(std::uint64_t number) const;

    /// Operations have a log of their own: numbered, never a base, untouched by undo and rollback.
    Result<void> putOperation(const StoredOperation& operation, const std::string& what);
    Result<void> removeOperation(const std::string& id, const std::string& what);
    std::vector<StoredOperation> operations() const;

private:
    Store(Database database, const Clock& clock, std::string notice);

    static Result<Database> openDatabase(const std::string& path);
    Result<void> loadIdentity();
    void loadUndoStacks();
    Result<std::vector<TextChange>> planLocked(const ChangeSet& changes) const;
    Result<std::vector<StoredText>> resourcesAtLocked(std::uint64_t revision) const;
    Result<ChangeSet> rollbackChanges(std::uint64_t number) const;
    Result<void> checkBase(const ChangeSet& changes) const;
    std::optional<StoredText> find(const config::ResourceId& id) const;
    std::uint64_t createdOf(const config::ResourceId& id, std::uint64_t fallback) const;
    Result<Revision> commit(
        const ChangeSet& changes, std::vector<TextChange> differences, std::uint64_t target);
    Result<void> writeRevision(const Revision& revision);
    Result<void> writeChange(std::uint64_t number, const TextChange& change);
    Result<Revision> restore(std::uint64_t target, RevisionKind kind, const std::string& author);
    std::vector<TextChange> changesOf(std::uint64_t number) const;
    void track(const Revision& revision);
    bool isUndone(std::uint64_t number) const;

    const Clock& m_clock;
    const std::string m_notice;
    std::string m_meshId;
    mutable std::mutex m_mutex; // guards all below
    mutable Database m_database;
    std::uint64_t m_newest = 0;
    std::vector<std::uint64_t> m_undoable; // oldest first
    std::vector<std::uint64_t> m_redoable;
    std::vector<std::uint64_t> m_undone; // ever undone and not redone
};

} // namespace meshyard::control_plane
