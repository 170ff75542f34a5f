// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

namespace meshyard::control_plane {

Statement::Statement(sqlite3* database, std::string_view sql)
    : m_statement(nullptr, sqlite3_finalize)
{
    sqlite3_stmt* raw = nullptr;
    note(sqlite3_prepare_v2(database, sql.data(), static_cast<int>(sql.size()), &raw, nullptr),
        SQLITE_OK);
    m_statement.reset(raw);
}

void Statement::note(int code, int expected)
{
    m_ok = m_ok && code == expected;
}

Statement& Statement::bind(std::int64_t value)
{
    note(sqlite3_bind_int64(m_statement.get(), m_next++, value), SQLITE_OK);
    return *this;
}

Statement& Statement::bind(std::string_view text)
{
    note(
        sqlite3_bind_text64(m_statement.get(), m_next++, text.data(), text.size(), SQLITE_TRANSIENT,
            SQLITE_UTF8), // NOLINT(cppcoreguidelines-pro-type-cstyle-cast): SQLite's macro
        SQLITE_OK);
    return *this;
}

Statement& Statement::bind(const std::optional<std::string>& text)
{
    if (text)
        return bind(std::string_view(*text));
    note(sqlite3_bind_null(m_statement.get(), m_next++), SQLITE_OK);
    return *this;
}

Statement& Statement::bindBlob(std::string_view bytes)
{
    note(sqlite3_bind_blob64(m_statement.get(), m_next++, bytes.data(), bytes.size(),
             SQLITE_TRANSIENT), // NOLINT(cppcoreguidelines-pro-type-cstyle-cast): SQLite's macro
        SQLITE_OK);
    return *this;
}

bool Statement::step()
{
    const int code = m_ok ? sqlite3_step(m_statement.get()) : SQLITE_ERROR;
    m_ok = code == SQLITE_ROW || code == SQLITE_DONE;
    return code == SQLITE_ROW;
}

bool Statement::run()
{
    while (step()) { }
    return m_ok;
}

std::int64_t Statement::integer(int column) const
{
    return sqlite3_column_int64(m_statement.get(), column);
}

std::string Statement::text(int column) const
{
    return maybeText(column).value_or("");
}

std::optional<std::string> Statement::maybeText(int column) const
{
    const void* bytes = sqlite3_column_blob(m_statement.get(), column);
    if (sqlite3_column_type(m_statement.get(), column) == SQLITE_NULL)
        return std::nullopt;
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(m_statement.get(), column));
    return bytes == nullptr ? std::string() : std::string(static_cast<const char*>(bytes), size);
}

Database::Database(sqlite3* handle)
    : m_handle(handle, sqlite3_close_v2)
{
}

Result<Database> Database::open(const std::string& path)
{
    sqlite3* raw = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &raw,
        SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
    Database database(raw);
    if (code != SQLITE_OK)
        return tl::unexpected(database.lastError("open " + path));
    return database;
}

Result<void> Database::execute(const std::string& sql)
{
    if (sqlite3_exec(m_handle.get(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return tl::unexpected(lastError("run a statement"));
    return {};
}

Error Database::lastError(std::string_view doing) const
{
    const int code = m_handle ? sqlite3_errcode(m_handle.get()) : SQLITE_NOMEM;
    const bool damaged = code == SQLITE_CORRUPT || code == SQLITE_NOTADB;
    return Error{damaged ? ErrorCode::DataLoss : ErrorCode::Internal,
        fmt::format("the store cannot {}: {}", doing,
            m_handle ? sqlite3_errmsg(m_handle.get()) : "out of memory")};
}

std::int64_t Database::lastInsertId() const
{
    return sqlite3_last_insert_rowid(m_handle.get());
}

Transaction::Transaction(Database& database)
    : m_database(database)
    , m_open(database.execute("BEGIN IMMEDIATE").has_value())
{
}

Transaction::~Transaction()
{
    if (m_open)
        static_cast<void>(m_database.execute("ROLLBACK"));
}

Result<void> Transaction::commit()
{
    if (!m_open)
        return tl::unexpected(m_database.lastError("begin a transaction"));
    auto committed = m_database.execute("COMMIT");
    m_open = !committed.has_value();
    return committed;
}

} // namespace meshyard::control_plane
