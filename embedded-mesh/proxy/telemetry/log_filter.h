// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/proxy/route/matchers.h"
#include "embedded-mesh/proxy/telemetry/log_entry.h"

#include <bitset>

namespace envoy::config::accesslog::v3 {
class AccessLogFilter;
class ComparisonFilter;
} // namespace envoy::config::accesslog::v3

namespace meshyard::proxy {

/// A compiled AccessLogFilter: which requests are logged. Tests of headers are made when the
/// request begins, as bits of LogEntry::headerTests.
class LogFilter final
{
public:
    static constexpr std::size_t kMaxHeaderTests = 64;

    LogFilter() = default; // takes all
    /// @param tests gets the header tests of the filter; shared by all logs of a listener.
    static Result<LogFilter> compile(const envoy::config::accesslog::v3::AccessLogFilter& proto,
        std::vector<HeaderTest>& tests);

    bool takes(const LogEntry& entry) const;

private:
    enum class Kind : std::uint8_t { All, Status, Duration, Share, And, Or, Header, Flags, Grpc, Traced };
    enum class Operation : std::uint8_t { Equal, AtLeast, AtMost, NotEqual };

    void compare(const envoy::config::accesslog::v3::ComparisonFilter& comparison);
    bool compares(std::int64_t value) const;

    Kind m_kind = Kind::All;
    Operation m_operation = Operation::Equal;
    std::int64_t m_value = 0;
    std::uint32_t m_perMillion = 0;
    std::size_t m_headerTest = 0;
    bool m_anyFlag = false;
    ResponseFlags m_flags;
    std::bitset<17> m_grpc;
    std::vector<LogFilter> m_children;
};

} // namespace meshyard::proxy
