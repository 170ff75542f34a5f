// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/database.h"

#include "client/history/schema.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <filesystem>

namespace meshyard::history {

namespace {

ErrorCode codeOf(int sqlite)
{
    switch (sqlite & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return ErrorCode::DataLoss;
    case SQLITE_FULL:
        return ErrorCode::ResourceExhausted;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
    case SQLITE_CANTOPEN:
        return ErrorCode::PermissionDenied;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return ErrorCode::Aborted;
    default:
        return ErrorCode::Internal;
    }
}

std::int64_t pragma(Database& database, const char* name)
{
    Statement statement(database, fmt::format("PRAGMA {}", name));
    return statement.step() ? statement.number(0) : -1;
}

} // namespace

Statement::Statement(Database& database, std::string_view sql)
    : m_database(database)
{
    sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
        SQLITE_PREPARE_PERSISTENT, &m_statement, nullptr);
}

Statement::~Statement()
{
    sqlite3_finalize(m_statement);
}

Statement::Statement(Statement&& other) noexcept
    : m_database(other.m_database)
    , m_statement(std::exchange(other.m_statement, nullptr))
{
}

Statement& Statement::bind(int index, std::int64_t value)
{
    sqlite3_bind_int64(m_statement, index, value);
    return *this;
}

Statement& Statement::bind(int index, std::string_view text)
{
    sqlite3_bind_text64(
        m_statement, index, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8); // NOLINT
    return *this;
}

Statement& Statement::bindBlob(int index, std::string_view bytes)
{
    sqlite3_bind_blob64(m_statement, index, bytes.data(), bytes.size(), SQLITE_STATIC);
    return *this;
}

bool Statement::step()
{
    if (!m_statement)
        return false;
    const int code = sqlite3_step(m_statement);
    if (code == SQLITE_ROW)
        return true;
    sqlite3_reset(m_statement);
    return false;
}

Result<void> Statement::run()
{
    if (!m_statement)
        return tl::unexpected(m_database.error());
    const int code = sqlite3_step(m_statement);
    sqlite3_reset(m_statement);
    if (code != SQLITE_DONE && code != SQLITE_ROW)
        return tl::unexpected(m_database.error());
    return {};
}

void Statement::reset()
{
    sqlite3_reset(m_statement);
}

std::int64_t Statement::number(int column) const
{
    return sqlite3_column_int64(m_statement, column);
}

std::string_view Statement::text(int column) const
{
    const auto* bytes = sqlite3_column_text(m_statement, column);
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(m_statement, column));
    return bytes ? std::string_view(reinterpret_cast<const char*>(bytes), size)
                 : std::string_view();
}

std::string_view Statement::blob(int column) const
{
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(m_statement, column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(m_statement, column));
    return bytes ? std::string_view(bytes, size) : std::string_view();
}

Database::Database(std::string file)
    : m_file(std::move(file))
{
}

Database::~Database()
{
    sqlite3_close_v2(m_handle);
}

Result<std::unique_ptr<Database>> Database::open(
    const std::string& file, Mode mode, Journal journal)
{
    std::unique_ptr<Database> database(new Database(file));
    const int flags
        = mode == Mode::Create ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    const int code = sqlite3_open_v2(
        file.c_str(), &database->m_handle, flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, nullptr);
    if (code != SQLITE_OK)
        return tl::unexpected(database->error());
    if (auto prepared = database->prepare(mode, journal); !prepared)
        return tl::unexpected(prepared.error());
    return database;
}

Result<void> Database::prepare(Mode mode, Journal journal)
{
    sqlite3_busy_timeout(m_handle, 2000);
    if (mode == Mode::ReadOnly)
        return checkSchema(*this);
    // Before the first table: neither can be changed afterwards.
    auto done = execute("PRAGMA page_size=16384; PRAGMA auto_vacuum=INCREMENTAL");
    if (!done)
        return done;
    done = execute(
        journal == Journal::WriteAhead ? "PRAGMA journal_mode=WAL" : "PRAGMA journal_mode=DELETE");
    if (!done)
        return done;
    done = execute("PRAGMA synchronous=NORMAL; PRAGMA journal_size_limit=67108864;"
                   "PRAGMA cache_size=-65536");
    if (!done)
        return done;
    return createOrMigrate();
}

Result<void> Database::createOrMigrate()
{
    Statement tables(*this, "SELECT count(*) FROM sqlite_schema");
    if (!tables.step())
        return tl::unexpected(error());
    const bool isNew = tables.number(0) == 0;
    tables.reset();
    return isNew ? createSchema(*this) : checkSchema(*this);
}

Result<void> Database::execute(const std::string& sql)
{
    if (sqlite3_exec(m_handle, sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK)
        return tl::unexpected(error());
    return {};
}

Error Database::error() const
{
    const int code = m_handle ? sqlite3_extended_errcode(m_handle) : SQLITE_NOMEM;
    const char* text = m_handle ? sqlite3_errmsg(m_handle) : "out of memory";
    if (codeOf(code) == ErrorCode::DataLoss)
        return {
            ErrorCode::DataLoss, fmt::format("the history file {} is damaged: {}", m_file, text)};
    return {codeOf(code), fmt::format("the history file {}: {}", m_file, text)};
}

bool Database::hasFailed() const
{
    const int code = sqlite3_errcode(m_handle);
    return code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE;
}

Result<void> createSchema(Database& database)
{
    return database.execute(fmt::format("BEGIN; {} PRAGMA application_id={};"
                                        "PRAGMA user_version={}; COMMIT",
        kSchema, kApplicationId, kSchemaVersion));
}

Result<void> checkSchema(Database& database)
{
    const std::int64_t application = pragma(database, "application_id");
    if (application < 0)
        return tl::unexpected(database.error());
    if (application != kApplicationId)
        return failure(ErrorCode::FailedPrecondition,
            fmt::format("{} is no Meshyard history", database.file()));
    const std::int64_t version = pragma(database, "user_version");
    if (version != kSchemaVersion)
        return failure(ErrorCode::FailedPrecondition,
            fmt::format("{} was written by a newer Meshyard (format {}, this one reads {})",
                database.file(), version, kSchemaVersion));
    return {};
}

Result<std::string> setAside(const std::string& file, std::int64_t unixSeconds)
{
    const std::filesystem::path path(file);
    const std::string name = fmt::format("history-corrupt-{}.sqlite", unixSeconds);
    const std::string target = (path.parent_path() / name).string();
    std::error_code error;
    std::filesystem::rename(path, target, error);
    if (error)
        return failure(ErrorCode::PermissionDenied,
            fmt::format(
                "the damaged history file {} cannot be renamed: {}", file, error.message()));
    for (const char* companion : {"-wal", "-shm"})
        std::filesystem::rename(file + companion, target + companion, error);
    return target;
}

} // namespace meshyard::history
