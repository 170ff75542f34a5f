// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/log_sink.h"

#include <spdlog/spdlog.h>

namespace meshyard::proxy {

LogSink::LogSink(net::EventLoop& loop, LogFiles& files)
    : m_files(files)
    , m_timer(loop.timers(), [this] { flush(); })
{
}

LogSink::~LogSink()
{
    flush();
}

LogSink::Buffer& LogSink::bufferOf(const std::string& path)
{
    const auto [found, isNew] = m_buffers.try_emplace(path);
    if (!isNew)
        return found->second;
    auto file = m_files.open(path);
    if (file)
        found->second.file = std::move(*file);
    else
        spdlog::error("{}", file.error().message);
    return found->second;
}

void LogSink::log(const TelemetryRules& rules, const LogEntry& entry)
{
    for (const AccessLogRules& log : rules.logs) {
        if (!log.filter.takes(entry))
            continue;
        Buffer& buffer = bufferOf(log.path);
        if (!buffer.file)
            continue;
        log.format.append(entry, buffer.text);
        ++buffer.lines;
        if (buffer.text.size() >= kFlushBytes)
            flush(buffer);
        else if (!m_timer.isArmed())
            m_timer.armAfter(kFlushEvery);
    }
}

void LogSink::flush(Buffer& buffer)
{
    if (buffer.text.empty())
        return;
    std::string next;
    next.reserve(kFlushBytes + 1024); // the line that goes over
    m_files.write(buffer.file, std::exchange(buffer.text, std::move(next)),
        std::exchange(buffer.lines, 0));
}

void LogSink::flush()
{
    for (auto& [path, buffer] : m_buffers)
        flush(buffer);
}

} // namespace meshyard::proxy
