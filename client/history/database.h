// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace meshyard::history {

class Database;

/// A prepared statement. Reset after each use, so that no reader pins the write-ahead log.
class Statement final
{
public:
    Statement(Database& database, std::string_view sql);
    ~Statement();
    Statement(Statement&& other) noexcept;
    Statement& operator=(Statement&&) = delete;

    Statement& bind(int index, std::int64_t value);
    Statement& bind(int index, std::string_view text);
    Statement& bindBlob(int index, std::string_view bytes);

    /// @return true when a row is there; false at the end (then it is reset) or on an error,
    /// which stays in Database::error().
    bool step();
    /// For statements without rows.
    Result<void> run();
    void reset();

    std::int64_t number(int column) const;
    std::string_view text(int column) const; // until the next step
    std::string_view blob(int column) const; // until the next step

private:
    Database& m_database;
    sqlite3_stmt* m_statement = nullptr;
};

/// One connection to a history file.
///
/// Thread: one at a time.
class Database final
{
public:
    enum class Mode { Create, ReadOnly };
    enum class Journal { WriteAhead, Plain }; // Plain: one file without companions

    /// @return DataLoss when the file is damaged, FailedPrecondition when it is another program's
    /// or a newer version's, else what the system says; always one sentence.
    static Result<std::unique_ptr<Database>> open(
        const std::string& file, Mode mode, Journal journal = Journal::WriteAhead);
    ~Database();
    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;

    Result<void> execute(const std::string& sql);
    /// The last failure of this connection, as an Error.
    Error error() const;
    bool hasFailed() const;
    const std::string& file() const { return m_file; }
    sqlite3* handle() { return m_handle; }

private:
    explicit Database(std::string file);
    Result<void> prepare(Mode mode, Journal journal);
    Result<void> createOrMigrate();

    const std::string m_file;
    sqlite3* m_handle = nullptr;
};

/// Renames a damaged file (and its companions) to history-corrupt-<unix time>.sqlite beside it.
/// @return the new name.
Result<std::string> setAside(const std::string& file, std::int64_t unixSeconds);

} // namespace meshyard::history
