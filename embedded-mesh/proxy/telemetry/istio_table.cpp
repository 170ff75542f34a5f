// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/istio_table.h"

#include <algorithm>
#include <numeric>

namespace meshyard::proxy {

void BucketCounts::record(double value)
{
    const auto* const bound = std::ranges::lower_bound(kBounds, value);
    ++m_counts[static_cast<std::size_t>(bound - kBounds.begin())];
    m_sum += value;
}

void BucketCounts::add(const BucketCounts& other)
{
    for (std::size_t i = 0; i < m_counts.size(); ++i)
        m_counts[i] += other.m_counts[i];
    m_sum += other.m_sum;
}

std::uint64_t BucketCounts::total() const
{
    return std::accumulate(m_counts.begin(), m_counts.end(), std::uint64_t{0});
}

void IstioSeries::add(const IstioSeries& other)
{
    requests += other.requests;
    durationMs.add(other.durationMs);
    requestBytes.add(other.requestBytes);
    responseBytes.add(other.responseBytes);
    tcpOpened += other.tcpOpened;
    tcpClosed += other.tcpClosed;
    tcpSent += other.tcpSent;
    tcpReceived += other.tcpReceived;
}

IstioSeries& IstioTable::make(const SeriesView& key)
{
    SeriesName name;
    name.inbound = key.inbound;
    name.protocol = key.protocol;
    if (m_series.size() < kMaxSeries) {
        name = SeriesName{std::string(key.cluster), std::string(key.endpoint),
            std::string(key.version), std::string(key.peer), key.port, key.status, key.flags,
            key.grpcStatus, key.protocol, key.inbound, key.tls};
    }
    return m_series[name];
}

} // namespace meshyard::proxy
