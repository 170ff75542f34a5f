// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/net/socket_address.h"
#include "embedded-mesh/proxy/exchange/response_flags.h"

#include <optional>
#include <string>
#include <vector>

namespace meshyard::proxy {

/// Header fields that the logs of a listener ask for, so that a request keeps only these.
struct CapturePlan
{
    std::vector<std::string> request; // lower case; pseudo-headers too
    std::vector<std::string> response;

    /// @return the place of the name, which is added when new.
    static std::size_t place(std::vector<std::string>& names, std::string_view name);
};

/// Values of the fields in a CapturePlan. Keeps its memory from one request to the next.
class CapturedHeaders final
{
public:
    void clear()
    {
        m_text.clear();
        m_places.clear();
    }
    /// In the order of the plan.
    void add(std::optional<std::string_view> value)
    {
        if (!value) {
            m_places.push_back({kAbsent, 0});
            return;
        }
        m_places.push_back({m_text.size(), value->size()});
        m_text.append(*value);
    }
    /// Gives a value to a field that was absent.
    void fill(std::size_t place, std::string_view value)
    {
        if (place >= m_places.size() || m_places[place].at != kAbsent)
            return;
        m_places[place] = {m_text.size(), value.size()};
        m_text.append(value);
    }
    std::optional<std::string_view> value(std::size_t place) const
    {
        if (place >= m_places.size() || m_places[place].at == kAbsent)
            return std::nullopt;
        return std::string_view(m_text).substr(m_places[place].at, m_places[place].size);
    }

private:
    struct Place
    {
        std::size_t at;
        std::size_t size;
    };
    static constexpr std::size_t kAbsent = std::string::npos;

    std::string m_text;
    std::vector<Place> m_places;
};

/// All that a log line, a metric or a span may say about one finished request or connection.
struct LogEntry
{
    using Micros = std::chrono::microseconds;

    WallTime startedAt{};
    Micros duration{0};
    std::optional<Micros> requestDuration; // to the last byte of the request
    std::optional<Micros> responseDuration; // to the first byte of the upstream's answer
    std::string_view protocol; // empty = no HTTP
    int status = 0; // 0 = none was sent
    int grpcStatus = -1;
    ResponseFlags flags;
    std::string_view details; // RESPONSE_CODE_DETAILS
    std::string_view connectionDetails; // CONNECTION_TERMINATION_DETAILS
    std::string_view upstreamFailure; // UPSTREAM_TRANSPORT_FAILURE_REASON
    std::uint64_t bytesReceived = 0;
    std::uint64_t bytesSent = 0;
    unsigned attempts = 0;
    std::string_view routeName;
    std::string_view cluster;
    std::string_view serverName; // SNI
    std::string_view traceId;
    const net::SocketAddress* upstreamHost = nullptr;
    const net::SocketAddress* upstreamLocal = nullptr;
    const net::SocketAddress* downstreamLocal = nullptr;
    const net::SocketAddress* downstreamRemote = nullptr;
    const CapturedHeaders* request = nullptr;
    const CapturedHeaders* response = nullptr;
    std::uint64_t headerTests = 0; // bit i = the i-th header test of the listener's logs holds
    std::uint64_t random = 0;
    bool sampled = false; // traced
};

} // namespace meshyard::proxy
