// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/database.h"

namespace meshyard::history {

constexpr std::int64_t kApplicationId = 0x4D595244; // "MYRD"
constexpr std::int64_t kSchemaVersion = 1;

/// Times `t`, `t0` are unix seconds; `event.t` and `revision.t` unix milliseconds.
/// The group of an edge is id / 64, its slot id % 64.
inline constexpr const char* kSchema = R"(
CREATE TABLE edge(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, v BLOB NOT NULL,
    first_seen INTEGER NOT NULL);
CREATE TABLE tile(res INTEGER, t0 INTEGER, grp INTEGER, v BLOB NOT NULL,
    PRIMARY KEY(res, t0, grp)) WITHOUT ROWID;
CREATE TABLE sk(res INTEGER, t0 INTEGER, grp INTEGER, v BLOB NOT NULL,
    PRIMARY KEY(res, t0, grp)) WITHOUT ROWID;
CREATE TABLE total(t0 INTEGER PRIMARY KEY, v BLOB NOT NULL);
CREATE TABLE live(t INTEGER PRIMARY KEY, v BLOB NOT NULL);
CREATE TABLE topo(id INTEGER PRIMARY KEY, t INTEGER NOT NULL, keyframe INTEGER NOT NULL,
    v BLOB NOT NULL);
CREATE INDEX topo_t ON topo(t, keyframe);
CREATE TABLE event(id INTEGER PRIMARY KEY, mesh TEXT NOT NULL, remote INTEGER NOT NULL,
    t INTEGER NOT NULL, kind INTEGER NOT NULL, edge TEXT, v BLOB NOT NULL, UNIQUE(mesh, remote, t));
CREATE INDEX event_t ON event(t);
CREATE INDEX event_edge ON event(edge, t) WHERE edge IS NOT NULL;
CREATE TABLE revision(mesh TEXT, number INTEGER, t INTEGER NOT NULL, author TEXT NOT NULL,
    message TEXT NOT NULL, v BLOB NOT NULL, PRIMARY KEY(mesh, number, t)) WITHOUT ROWID;
CREATE TABLE meta(name TEXT PRIMARY KEY, value) WITHOUT ROWID;
)";

/// Both leave an existing file as it is when they fail.
Result<void> createSchema(Database& database);
Result<void> checkSchema(Database& database);

} // namespace meshyard::history
