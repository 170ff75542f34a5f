// SPDX-License-Identifier: GPL-3.0-or-later
// The reading side of the revisions, and the log of operations.
#include "embedded-mesh/control_plane/store/store.h"

#include <fmt/format.h>

#include <chrono>

namespace meshyard::control_plane {
namespace {

Revision readRevision(const Statement& row)
{
    Revision revision;
    revision.number = row.number(0);
    revision.unixMs = row.integer(1);
    revision.author = row.text(2);
    revision.message = row.text(3);
    revision.kind = static_cast<RevisionKind>(row.integer(4));
    revision.target = row.number(5);
    return revision;
}

} // namespace

std::vector<TextChange> Store::changesOf(std::uint64_t number) const
{
    std::vector<TextChange> changes;
    Statement rows = m_database.prepare(
        "SELECT kind, ns, name, api_version, before, after FROM changes WHERE revision = ?");
    rows.bind(number);
    while (rows.step())
        changes.push_back({{rows.text(0), rows.text(1), rows.text(2)}, rows.text(3),
            rows.maybeText(4), rows.maybeText(5)});
    return changes;
}

std::vector<Revision> Store::revisions(std::uint32_t limit) const
{
    const std::scoped_lock lock(m_mutex);
    std::vector<Revision> revisions;
    Statement rows = m_database.prepare("SELECT number, unix_ms, author, message, kind, target "
                                        "FROM revisions ORDER BY number DESC LIMIT ?");
    rows.bind(std::int64_t{limit});
    while (rows.step()) {
        Revision revision = readRevision(rows);
        revision.undone = isUndone(revision.number);
        for (TextChange& change : changesOf(revision.number))
            revision.changes.push_back({std::move(change.id), {}, std::nullopt, std::nullopt});
        revisions.push_back(std::move(revision));
    }
    return revisions;
}

Result<Revision> Store::revision(std::uint64_t number) const
{
    const std::scoped_lock lock(m_mutex);
    Statement row = m_database.prepare(
        "SELECT number, unix_ms, author, message, kind, target FROM revisions WHERE number = ?");
    row.bind(number);
    if (!row.step())
        return failure(ErrorCode::NotFound,
            fmt::format("there is no revision {}: the newest is {}", number, m_newest));
    Revision revision = readRevision(row);
    revision.undone = isUndone(number);
    revision.changes = changesOf(number);
    return revision;
}

Result<void> Store::putOperation(const StoredOperation& operation, const std::string& what)
{
    const std::scoped_lock lock(m_mutex);
    Transaction transaction(m_database);
    Statement put = m_database.prepare("INSERT OR REPLACE INTO operations VALUES(?, ?, ?)");
    put.bind(std::string_view(operation.id))
        .bindBlob(operation.payload)
        .bind(operation.deadlineUnixMs);
    const bool written = put.run();
    Statement log
        = m_database.prepare("INSERT INTO operation_log(unix_ms, id, what) VALUES(?, ?, ?)");
    log.bind(std::chrono::duration_cast<std::chrono::milliseconds>(
                 m_clock.system().time_since_epoch())
                 .count())
        .bind(std::string_view(operation.id))
        .bind(std::string_view(what));
    if (!written || !log.run())
        return tl::unexpected(m_database.lastError("write an operation"));
    return transaction.commit();
}

Result<void> Store::removeOperation(const std::string& id, const std::string& what)
{
    const std::scoped_lock lock(m_mutex);
    Transaction transaction(m_database);
    Statement remove = m_database.prepare("DELETE FROM operations WHERE id = ?");
    remove.bind(std::string_view(id));
    const bool removed = remove.run();
    Statement log
        = m_database.prepare("INSERT INTO operation_log(unix_ms, id, what) VALUES(?, ?, ?)");
    log.bind(std::chrono::duration_cast<std::chrono::milliseconds>(
                 m_clock.system().time_since_epoch())
                 .count())
        .bind(std::string_view(id))
        .bind(std::string_view(what));
    if (!removed || !log.run())
        return tl::unexpected(m_database.lastError("remove an operation"));
    return transaction.commit();
}

std::vector<StoredOperation> Store::operations() const
{
    const std::scoped_lock lock(m_mutex);
    std::vector<StoredOperation> operations;
    Statement rows
        = m_database.prepare("SELECT id, payload, deadline_unix_ms FROM operations ORDER BY id");
    while (rows.step())
        operations.push_back({rows.text(0), rows.text(1), rows.integer(2)});
    return operations;
}

} // namespace meshyard::control_plane
