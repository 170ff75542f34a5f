// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/store/store.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <random>

namespace meshyard::control_plane {
namespace {

constexpr const char* kSchema = R"(
CREATE TABLE IF NOT EXISTS meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS revisions(number INTEGER PRIMARY KEY, unix_ms INTEGER NOT NULL,
    author TEXT NOT NULL, message TEXT NOT NULL, kind INTEGER NOT NULL, target INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS changes(kind TEXT, ns TEXT, name TEXT, revision INTEGER,
    api_version TEXT NOT NULL, before TEXT, after TEXT, PRIMARY KEY(kind, ns, name, revision)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS changes_by_revision ON changes(revision);
CREATE TABLE IF NOT EXISTS resources(kind TEXT, ns TEXT, name TEXT, api_version TEXT NOT NULL,
    text TEXT NOT NULL, created INTEGER NOT NULL, revision INTEGER NOT NULL,
    PRIMARY KEY(kind, ns, name)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operations(id TEXT PRIMARY KEY, payload BLOB NOT NULL,
    deadline_unix_ms INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS operation_log(number INTEGER PRIMARY KEY AUTOINCREMENT,
    unix_ms INTEGER NOT NULL, id TEXT NOT NULL, what TEXT NOT NULL);
)";

std::int64_t unixMs(const Clock& clock)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.system().time_since_epoch())
        .count();
}

std::string randomId()
{
    std::random_device random;
    return fmt::format("{:08x}{:08x}", random(), random());
}

/// Moves a damaged file and its companions away. @return the new name.
std::string setAside(const std::string& path, std::int64_t stamp)
{
    const std::string aside = fmt::format("{}.damaged-{}", path, stamp);
    std::error_code ignored;
    for (const char* suffix : {"", "-wal", "-shm"})
        std::filesystem::rename(path + suffix, aside + suffix, ignored);
    return aside;
}

Statement& bindId(Statement& statement, const config::ResourceId& id)
{
    return statement.bind(std::string_view(id.kind))
        .bind(std::string_view(id.ns))
        .bind(std::string_view(id.name));
}

StoredText readText(const Statement& row)
{
    return {{row.text(0), row.text(1), row.text(2)}, row.text(3), row.text(4), row.number(5),
        row.number(6)};
}

bool contains(const std::vector<std::uint64_t>& numbers, std::uint64_t number)
{
    return std::find(numbers.begin(), numbers.end(), number) != numbers.end();
}

} // namespace

Store::Store(Database database, const Clock& clock, std::string notice)
    : m_clock(clock)
    , m_notice(std::move(notice))
    , m_database(std::move(database))
{
}

Result<Database> Store::openDatabase(const std::string& path)
{
    auto database = Database::open(path);
    if (!database)
        return database;
    for (const char* sql : {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", kSchema}) {
        if (auto done = database->execute(sql); !done)
            return tl::unexpected(done.error());
    }
    Statement check = database->prepare("PRAGMA quick_check(1)");
    if (!check.step() || check.text(0) != "ok")
        return failure(ErrorCode::DataLoss, "the store is damaged: " + check.text(0));
    return database;
}

Result<std::unique_ptr<Store>> Store::open(const std::string& dir, const Clock& clock)
{
    const std::string path = dir + "/state.sqlite";
    std::string notice;
    auto database = openDatabase(path);
    if (!database && database.error().code == ErrorCode::DataLoss) {
        const std::string aside = setAside(path, unixMs(clock));
        notice = fmt::format(
            "the configuration store {} was damaged; it is kept as {} and a new one was begun",
            path, aside);
        spdlog::error("{}", notice);
        database = openDatabase(path);
    }
    if (!database)
        return tl::unexpected(database.error());
    std::unique_ptr<Store> store(new Store(std::move(*database), clock, std::move(notice)));
    if (auto loaded = store->loadIdentity(); !loaded)
        return tl::unexpected(loaded.error());
    store->loadUndoStacks();
    return store;
}

Result<void> Store::loadIdentity()
{
    m_database.prepare("INSERT OR IGNORE INTO meta VALUES('mesh_id', ?)")
        .bind(std::string_view(randomId()))
        .run();
    Statement row = m_database.prepare("SELECT value FROM meta WHERE key = 'mesh_id'");
    if (!row.step())
        return tl::unexpected(m_database.lastError("read the mesh's id"));
    m_meshId = row.text(0);
    return {};
}

void Store::loadUndoStacks()
{
    Statement rows
        = m_database.prepare("SELECT number, kind, target FROM revisions ORDER BY number");
    while (rows.step()) {
        Revision revision;
        revision.number = rows.number(0);
        revision.kind = static_cast<RevisionKind>(rows.integer(1));
        revision.target = rows.number(2);
        track(revision);
    }
}

void Store::track(const Revision& revision)
{
    m_newest = revision.number;
    switch (revision.kind) {
    case RevisionKind::Seed:
        return;
    case RevisionKind::Apply:
    case RevisionKind::Rollback:
        m_undoable.push_back(revision.number);
        m_redoable.clear();
        return;
    case RevisionKind::Undo:
        std::erase(m_undoable, revision.target);
        m_redoable.push_back(revision.target);
        m_undone.push_back(revision.target);
        return;
    case RevisionKind::Redo:
        std::erase(m_redoable, revision.target);
        std::erase(m_undone, revision.target);
        m_undoable.push_back(revision.target);
        return;
    }
}

bool Store::isUndone(std::uint64_t number) const
{
    return contains(m_undone, number);
}

std::uint64_t Store::newest() const
{
    const std::scoped_lock lock(m_mutex);
    return m_newest;
}

std::vector<StoredText> Store::resources() const
{
    const std::scoped_lock lock(m_mutex);
    std::vector<StoredText> texts;
    Statement rows = m_database.prepare(
        "SELECT kind, ns, name, api_version, text, created, revision FROM resources "
        "ORDER BY kind, ns, name");
    while (rows.step())
        texts.push_back(readText(rows));
    return texts;
}

Result<std::vector<StoredText>> Store::resourcesAt(std::uint64_t revision) const
{
    const std::scoped_lock lock(m_mutex);
    return resourcesAtLocked(revision);
}

Result<std::vector<StoredText>> Store::resourcesAtLocked(std::uint64_t revision) const
{
    if (revision > m_newest)
        return failure(ErrorCode::OutOfRange,
            fmt::format("there is no revision {}: the newest is {}", revision, m_newest));
    std::vector<StoredText> texts;
    Statement rows = m_database.prepare(
        "SELECT c.kind, c.ns, c.name, c.api_version, c.after, o.oldest, c.revision FROM changes c "
        "JOIN (SELECT kind, ns, name, min(revision) AS oldest, max(revision) AS newest "
        "FROM changes WHERE revision <= ? GROUP BY kind, ns, name) o "
        "ON c.kind = o.kind AND c.ns = o.ns AND c.name = o.name AND c.revision = o.newest "
        "WHERE c.after IS NOT NULL ORDER BY c.kind, c.ns, c.name");
    rows.bind(revision);
    while (rows.step())
        texts.push_back(readText(rows));
    return texts;
}

std::optional<StoredText> Store::find(const config::ResourceId& id) const
{
    Statement row = m_database.prepare(
        "SELECT kind, ns, name, api_version, text, created, revision FROM resources "
        "WHERE kind = ? AND ns = ? AND name = ?");
    bindId(row, id);
    if (!row.step())
        return std::nullopt;
    return readText(row);
}

Result<void> Store::checkBase(const ChangeSet& changes) const
{
    if (changes.base == 0 || changes.base >= m_newest)
        return {};
    const auto check = [this, &changes](const config::ResourceId& id) -> Result<void> {
        Statement row = m_database.prepare("SELECT max(revision) FROM changes WHERE kind = ? AND "
                                           "ns = ? AND name = ? AND revision > ?");
        bindId(row, id).bind(changes.base);
        if (!row.step() || row.number(0) == 0)
            return {};
        return failure(ErrorCode::Aborted,
            fmt::format(
                "{} changed in revision {}, after revision {} that this change is based on: "
                "look at it and apply again",
                config::toString(id), row.number(0), changes.base));
    };
    for (const ChangeSet::Write& write : changes.writes) {
        if (auto fresh = check(write.id); !fresh)
            return fresh;
    }
    for (const config::ResourceId& id : changes.references) {
        if (auto fresh = check(id); !fresh)
            return fresh;
    }
    return {};
}

Result<std::vector<TextChange>> Store::planLocked(const ChangeSet& changes) const
{
    if (auto fresh = checkBase(changes); !fresh)
        return tl::unexpected(fresh.error());
    std::vector<TextChange> differences;
    for (const ChangeSet::Write& write : changes.writes) {
        const auto old = find(write.id);
        if (!old && !write.text)
            return failure(ErrorCode::NotFound,
                fmt::format(
                    "{} does not exist, so it cannot be deleted", config::toString(write.id)));
        if (old && write.text && old->text == *write.text && old->apiVersion == write.apiVersion)
            continue;
        differences.push_back({write.id, write.text ? write.apiVersion : old->apiVersion,
            old ? std::optional(old->text) : std::nullopt, write.text});
    }
    return differences;
}

Result<std::vector<TextChange>> Store::plan(const ChangeSet& changes) const
{
    const std::scoped_lock lock(m_mutex);
    return planLocked(changes);
}

Result<Revision> Store::apply(const ChangeSet& changes)
{
    const std::scoped_lock lock(m_mutex);
    auto differences = planLocked(changes);
    if (!differences)
        return tl::unexpected(differences.error());
    if (differences->empty()) {
        Revision unchanged;
        unchanged.number = m_newest;
        return unchanged;
    }
    return commit(changes, std::move(*differences), 0);
}

Result<Revision> Store::commit(
    const ChangeSet& changes, std::vector<TextChange> differences, std::uint64_t target)
{
    Revision revision;
    revision.number = m_newest + 1;
    revision.unixMs = unixMs(m_clock);
    revision.author = changes.author;
    revision.message = changes.message;
    revision.kind = changes.kind;
    revision.target = target;
    revision.changes = std::move(differences);
    Transaction transaction(m_database);
    if (auto written = writeRevision(revision); !written)
        return tl::unexpected(written.error());
    if (auto committed = transaction.commit(); !committed)
        return tl::unexpected(committed.error());
    track(revision);
    return revision;
}

Result<void> Store::writeRevision(const Revision& revision)
{
    Statement row = m_database.prepare("INSERT INTO revisions VALUES(?, ?, ?, ?, ?, ?)");
    row.bind(revision.number)
        .bind(revision.unixMs)
        .bind(std::string_view(revision.author))
        .bind(std::string_view(revision.message))
        .bind(static_cast<std::int64_t>(revision.kind))
        .bind(revision.target);
    if (!row.run())
        return tl::unexpected(m_database.lastError("write a revision"));
    for (const TextChange& change : revision.changes) {
        if (auto written = writeChange(revision.number, change); !written)
            return written;
    }
    return {};
}

std::uint64_t Store::createdOf(const config::ResourceId& id, std::uint64_t fallback) const
{
    // A document that an undo brings back is as old as it was.
    Statement row = m_database.prepare(
        "SELECT min(revision) FROM changes WHERE kind = ? AND ns = ? AND name = ?");
    bindId(row, id);
    return row.step() && row.number(0) != 0 ? row.number(0) : fallback;
}

Result<void> Store::writeChange(std::uint64_t number, const TextChange& change)
{
    const std::uint64_t created = createdOf(change.id, number);
    Statement log = m_database.prepare("INSERT INTO changes VALUES(?, ?, ?, ?, ?, ?, ?)");
    bindId(log, change.id)
        .bind(number)
        .bind(std::string_view(change.apiVersion))
        .bind(change.before)
        .bind(change.after);
    bool written = log.run();
    if (change.after) {
        Statement put
            = m_database.prepare("INSERT OR REPLACE INTO resources VALUES(?, ?, ?, ?, ?, ?, ?)");
        bindId(put, change.id)
            .bind(std::string_view(change.apiVersion))
            .bind(change.after)
            .bind(created)
            .bind(number);
        written = put.run() && written;
    } else {
        Statement remove
            = m_database.prepare("DELETE FROM resources WHERE kind = ? AND ns = ? AND name = ?");
        bindId(remove, change.id);
        written = remove.run() && written;
    }
    if (!written)
        return tl::unexpected(m_database.lastError("write a document"));
    return {};
}

Result<Revision> Store::restore(std::uint64_t target, RevisionKind kind, const std::string& author)
{
    ChangeSet changes;
    changes.author = author;
    changes.kind = kind;
    const bool undoing = kind == RevisionKind::Undo;
    changes.message = fmt::format("{} revision {}", undoing ? "Undo" : "Redo", target);
    for (const TextChange& change : changesOf(target))
        changes.writes.push_back(
            {change.id, change.apiVersion, undoing ? change.before : change.after});
    auto differences = planLocked(changes);
    if (!differences)
        return tl::unexpected(differences.error());
    return commit(changes, std::move(*differences), target);
}

Result<Revision> Store::undo(const std::string& author)
{
    const std::scoped_lock lock(m_mutex);
    if (m_undoable.empty())
        return failure(ErrorCode::FailedPrecondition, "there is nothing to undo");
    return restore(m_undoable.back(), RevisionKind::Undo, author);
}

Result<Revision> Store::redo(const std::string& author)
{
    const std::scoped_lock lock(m_mutex);
    if (m_redoable.empty())
        return failure(ErrorCode::FailedPrecondition, "there is nothing to redo");
    return restore(m_redoable.back(), RevisionKind::Redo, author);
}

Result<ChangeSet> Store::rollbackChanges(std::uint64_t number) const
{
    if (number == 0)
        return failure(ErrorCode::OutOfRange, "there is no revision 0: name one of the list");
    auto then = resourcesAtLocked(number);
    if (!then)
        return tl::unexpected(then.error());
    ChangeSet changes;
    changes.kind = RevisionKind::Rollback;
    changes.message = fmt::format("Roll back to revision {}", number);
    for (StoredText& text : *then)
        changes.writes.push_back({text.id, text.apiVersion, std::move(text.text)});
    Statement rows = m_database.prepare("SELECT kind, ns, name FROM resources");
    while (rows.step()) {
        const config::ResourceId id{rows.text(0), rows.text(1), rows.text(2)};
        if (std::none_of(
                then->begin(), then->end(), [&](const StoredText& t) { return t.id == id; }))
            changes.writes.push_back({id, {}, std::nullopt});
    }
    return changes;
}

Result<std::vector<TextChange>> Store::planRollback(std::uint64_t number) const
{
    const std::scoped_lock lock(m_mutex);
    auto changes = rollbackChanges(number);
    if (!changes)
        return tl::unexpected(changes.error());
    return planLocked(*changes);
}

Result<Revision> Store::rollback(std::uint64_t number, const std::string& author)
{
    const std::scoped_lock lock(m_mutex);
    auto changes = rollbackChanges(number);
    if (!changes)
        return tl::unexpected(changes.error());
    changes->author = author;
    auto differences = planLocked(*changes);
    if (!differences)
        return tl::unexpected(differences.error());
    if (differences->empty())
        return failure(ErrorCode::FailedPrecondition,
            fmt::format("the configuration is already as in revision {}", number));
    return commit(*changes, std::move(*differences), number);
}

bool Store::canUndo() const
{
    const std::scoped_lock lock(m_mutex);
    return !m_undoable.empty();
}

bool Store::canRedo() const
{
    const std::scoped_lock lock(m_mutex);
    return !m_redoable.empty();
}

} // namespace meshyard::control_plane
