// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/fd.h"

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace meshyard::proxy {

/// Where lines of access logs go. What a slow disk or a full pipe does not take in time is dropped
/// and counted; a worker never waits.
struct LogFile
{
    std::string path; // "" = fd is one of the standard streams
    net::Fd owned;
    int fd = -1;
    bool isRegular = false;
    std::deque<std::string> waiting; // guarded by LogFiles::m_mutex
    std::size_t waitingBytes = 0; // including what is being written
    std::size_t written = 0; // of the first; the writer's
    std::atomic<std::uint64_t> lines{0};
    std::atomic<std::uint64_t> dropped{0}; // lines
};

/// All log files of the process and the one thread that writes them.
///
/// Thread: any.
class LogFiles final
{
public:
    static constexpr std::size_t kMaxWaiting = 4 * 1024 * 1024; // per file

    LogFiles();
    ~LogFiles();
    LogFiles(const LogFiles&) = delete;
    LogFiles& operator=(const LogFiles&) = delete;

    /// The file of that path, opened for appending; the same object for the same path.
    Result<std::shared_ptr<LogFile>> open(const std::string& path);
    /// @param fd 1 or 2.
    std::shared_ptr<LogFile> standardStream(int fd);
    /// Hands whole lines over. @param lines how many there are in the text.
    void write(const std::shared_ptr<LogFile>& file, std::string text, std::uint64_t lines);
    /// Opens every path anew: after a rotation.
    void reopen();
    /// Waits until all has been written, at most `patience`.
    void flush(std::chrono::milliseconds patience);
    std::uint64_t dropped() const;
    std::uint64_t written() const;

private:
    void run();
    /// Writes from the first waiting text. @return whether anything moved.
    static bool advance(std::unique_lock<std::mutex>& lock, const std::shared_ptr<LogFile>& file);
    /// @return bytes written, fewer when the descriptor is full; nullopt = it takes no more ever.
    static std::optional<std::size_t> writeSome(const LogFile& file, std::string_view text);
    static void drop(LogFile& file, std::string_view text);
    void reopenAll();

    mutable std::mutex m_mutex; // guards what follows, and the queues of the files
    std::condition_variable m_changed;
    std::map<std::string, std::shared_ptr<LogFile>> m_files;
    bool m_reopen = false;
    std::atomic<bool> m_stopping{false};
    std::thread m_thread; // starts with the first file
};

} // namespace meshyard::proxy
