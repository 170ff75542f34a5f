// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/proxy/telemetry/access_log.h"
#include "embedded-mesh/proxy/telemetry/log_files.h"

#include <unordered_map>

namespace meshyard::proxy {

/// One worker's lines on their way to the log files: gathered for 200 ms or 16 KiB.
///
/// Thread: its worker's.
class LogSink final
{
public:
    static constexpr std::size_t kFlushBytes = 16 * 1024;
    static constexpr auto kFlushEvery = std::chrono::milliseconds(200);

    /// @param files outlives us.
    LogSink(net::EventLoop& loop, LogFiles& files);
    ~LogSink();

    /// Writes the entry to every log of the rules whose filter takes it.
    void log(const TelemetryRules& rules, const LogEntry& entry);
    void flush();

private:
    struct Buffer
    {
        std::shared_ptr<LogFile> file; // nullptr: it can't be opened
        std::string text;
        std::uint64_t lines = 0;
    };

    Buffer& bufferOf(const std::string& path);
    void flush(Buffer& buffer);

    LogFiles& m_files;
    std::unordered_map<std::string, Buffer> m_buffers; // by path
    net::Timer m_timer;
};

} // namespace meshyard::proxy
