// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct sqlite3;
struct sqlite3_stmt;

namespace meshyard::control_plane {

/// One prepared statement; bind in order, then step. Errors stay until ok() is asked.
class Statement final
{
public:
    Statement(sqlite3* database, std::string_view sql);

    Statement& bind(std::int64_t value);
    Statement& bind(std::uint64_t value) { return bind(static_cast<std::int64_t>(value)); }
    Statement& bind(std::string_view text);
    Statement& bind(const std::optional<std::string>& text);
    Statement& bindBlob(std::string_view bytes);
    /// @return true: there is a row.
    bool step();
    /// Steps to the end, for statements without rows.
    bool run();
    bool ok() const { return m_ok; }

    std::int64_t integer(int column) const;
    std::uint64_t number(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    std::string text(int column) const;
    std::optional<std::string> maybeText(int column) const;

private:
    void note(int code, int expected);

    std::unique_ptr<sqlite3_stmt, int (*)(sqlite3_stmt*)> m_statement;
    int m_next = 1;
    bool m_ok = true;
};

/// One connection. Thread: one at a time.
class Database final
{
public:
    static Result<Database> open(const std::string& path);

    /// Runs statements without results. @return DataLoss for a damaged file, else Internal.
    Result<void> execute(const std::string& sql);
    Statement prepare(std::string_view sql) { return {m_handle.get(), sql}; }
    /// The last failure as an Error that names `doing`.
    Error lastError(std::string_view doing) const;
    std::int64_t lastInsertId() const;

private:
    explicit Database(sqlite3* handle);

    std::unique_ptr<sqlite3, int (*)(sqlite3*)> m_handle;
};

/// Rolls back at its end unless commit() was called.
class Transaction final
{
public:
    explicit Transaction(Database& database);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    Result<void> commit();

private:
    Database& m_database;
    bool m_open;
};

} // namespace meshyard::control_plane
