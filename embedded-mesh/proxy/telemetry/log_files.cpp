// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/log_files.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>

namespace meshyard::proxy {

namespace {

constexpr auto kRetryAfter = std::chrono::milliseconds(50); // a full pipe

net::Fd openForAppending(const std::string& path)
{
    // Not blocking, so that a pipe without a reader can't hold anybody up.
    return net::Fd(::open(
        path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0640));
}

bool isRegular(int fd)
{
    struct stat info{};
    return ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
}

} // namespace

LogFiles::LogFiles() = default;

LogFiles::~LogFiles()
{
    m_stopping = true;
    {
        const std::lock_guard lock(m_mutex);
    }
    m_changed.notify_all();
    if (m_thread.joinable())
        m_thread.join();
}

Result<std::shared_ptr<LogFile>> LogFiles::open(const std::string& path)
{
    if (path == "/dev/stdout")
        return standardStream(STDOUT_FILENO);
    if (path == "/dev/stderr")
        return standardStream(STDERR_FILENO);
    const std::lock_guard lock(m_mutex);
    std::shared_ptr<LogFile>& known = m_files[path];
    if (known)
        return known;
    auto file = std::make_shared<LogFile>();
    file->path = path;
    file->owned = openForAppending(path);
    file->fd = file->owned.get();
    file->isRegular = isRegular(file->fd);
    if (!file->owned.isOpen()) {
        const int error = errno;
        m_files.erase(path);
        return failure(ErrorCode::InvalidArgument,
            "cannot open access log '" + path + "': " + std::strerror(error));
    }
    known = std::move(file);
    return known;
}

std::shared_ptr<LogFile> LogFiles::standardStream(int fd)
{
    const std::lock_guard lock(m_mutex);
    std::shared_ptr<LogFile>& known = m_files[fd == STDOUT_FILENO ? "\1" : "\2"];
    if (!known) {
        known = std::make_shared<LogFile>();
        known->fd = fd;
        known->isRegular = isRegular(fd);
    }
    return known;
}

void LogFiles::write(const std::shared_ptr<LogFile>& file, std::string text, std::uint64_t lines)
{
    {
        const std::lock_guard lock(m_mutex);
        if (file->waitingBytes + text.size() > kMaxWaiting) {
            file->dropped += lines;
            return;
        }
        file->lines += lines;
        file->waitingBytes += text.size();
        file->waiting.push_back(std::move(text));
        if (!m_thread.joinable())
            m_thread = std::thread([this] { run(); });
    }
    m_changed.notify_all();
}

void LogFiles::reopen()
{
    {
        const std::lock_guard lock(m_mutex);
        m_reopen = true;
        if (!m_thread.joinable())
            m_thread = std::thread([this] { run(); });
    }
    m_changed.notify_all();
}

std::optional<std::size_t> LogFiles::writeSome(const LogFile& file, std::string_view text)
{
    std::size_t done = 0;
    while (done < text.size()) {
        std::string_view piece = text.substr(done);
        if (!file.isRegular) { // PIPE_BUF bytes fit when poll says so: even a blocking stream won't
                               // block
            pollfd ready{file.fd, POLLOUT, 0};
            if (::poll(&ready, 1, 0) <= 0)
                return done;
            piece = piece.substr(0, PIPE_BUF);
        }
        const ssize_t written = ::write(file.fd, piece.data(), piece.size());
        if (written > 0)
            done += static_cast<std::size_t>(written);
        else if (errno == EAGAIN)
            return done;
        else if (errno != EINTR)
            return std::nullopt;
    }
    return done;
}

bool LogFiles::advance(std::unique_lock<std::mutex>& lock, const std::shared_ptr<LogFile>& file)
{
    const std::string text = std::move(file->waiting.front());
    file->waiting.pop_front();
    lock.unlock(); // only this thread takes from the queues
    const std::string_view rest = std::string_view(text).substr(file->written);
    const auto done = writeSome(*file, rest);
    lock.lock();
    if (done && *done < rest.size()) {
        file->written += *done;
        file->waiting.push_front(text);
        return *done > 0;
    }
    if (!done)
        drop(*file, text);
    file->written = 0;
    file->waitingBytes -= text.size();
    return true;
}

void LogFiles::drop(LogFile& file, std::string_view text)
{
    const auto lost = static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
    file.dropped += lost;
    file.lines -= std::min(lost, file.lines.load());
}

void LogFiles::reopenAll()
{
    for (auto& [path, file] : m_files) {
        if (file->path.empty() || file->written > 0) // not in the middle of a line
            continue;
        if (net::Fd fresh = openForAppending(path); fresh.isOpen()) {
            file->owned = std::move(fresh);
            file->fd = file->owned.get();
            file->isRegular = isRegular(file->fd);
        }
    }
}

void LogFiles::run()
{
    std::unique_lock lock(m_mutex);
    const auto hasWork = [this] {
        return std::ranges::any_of(
            m_files, [](const auto& entry) { return !entry.second->waiting.empty(); });
    };
    for (;;) {
        m_changed.wait(lock, [&] { return m_stopping || m_reopen || hasWork(); });
        if (std::exchange(m_reopen, false))
            reopenAll();
        if (m_stopping && !hasWork())
            return;
        bool moved = false;
        const auto files = m_files; // the lock is let go meanwhile
        for (const auto& [path, file] : files) {
            if (!file->waiting.empty())
                moved = advance(lock, file) || moved;
        }
        m_changed.notify_all();
        if (moved)
            continue;
        if (m_stopping) { // nobody takes the rest
            for (const auto& [path, file] : files) {
                for (; !file->waiting.empty(); file->waiting.pop_front())
                    drop(*file, file->waiting.front());
            }
            return;
        }
        m_changed.wait_for(lock, kRetryAfter, [this] { return m_stopping.load(); });
    }
}

void LogFiles::flush(std::chrono::milliseconds patience)
{
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(lock, patience, [this] {
        return std::ranges::all_of(
            m_files, [](const auto& entry) { return entry.second->waitingBytes == 0; });
    });
}

std::uint64_t LogFiles::dropped() const
{
    const std::lock_guard lock(m_mutex);
    std::uint64_t sum = 0;
    for (const auto& [path, file] : m_files)
        sum += file->dropped;
    return sum;
}

std::uint64_t LogFiles::written() const
{
    const std::lock_guard lock(m_mutex);
    std::uint64_t sum = 0;
    for (const auto& [path, file] : m_files)
        sum += file->lines;
    return sum;
}

} // namespace meshyard::proxy
