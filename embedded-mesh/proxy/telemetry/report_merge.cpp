// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/report_merge.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace meshyard::proxy {

namespace {

using Buckets = std::map<std::uint32_t, std::uint32_t>;

void read(const v1::Sketch& sketch, Buckets& buckets)
{
    std::uint32_t bucket = 0;
    const int size = std::min(sketch.bucket_deltas_size(), sketch.counts_size());
    for (int i = 0; i < size; ++i) {
        bucket += sketch.bucket_deltas(i);
        buckets[bucket] += sketch.counts(i);
    }
}

void add(const v1::Sketch& from, v1::Sketch& to)
{
    Buckets buckets;
    read(to, buckets);
    read(from, buckets);
    to.clear_bucket_deltas();
    to.clear_counts();
    std::uint32_t last = 0;
    for (const auto& [bucket, count] : buckets) {
        to.add_bucket_deltas(bucket - last);
        to.add_counts(count);
        last = bucket;
    }
    to.set_sum_us(to.sum_us() + from.sum_us());
    to.set_max_us(std::max(to.max_us(), from.max_us()));
}

void add(const v1::Outcomes& from, v1::Outcomes& to)
{
    to.set_ok(to.ok() + from.ok());
    to.set_client_errors(to.client_errors() + from.client_errors());
    to.set_server_errors(to.server_errors() + from.server_errors());
    to.set_connect_errors(to.connect_errors() + from.connect_errors());
    to.set_timeouts(to.timeouts() + from.timeouts());
    to.set_rejected(to.rejected() + from.rejected());
    to.set_limited(to.limited() + from.limited());
    to.set_no_endpoint(to.no_endpoint() + from.no_endpoint());
    to.set_faults(to.faults() + from.faults());
    to.set_cancelled(to.cancelled() + from.cancelled());
    to.set_retries(to.retries() + from.retries());
}

void add(const v1::OutboundSecond& from, v1::OutboundSecond& to)
{
    add(from.outcomes(), *to.mutable_outcomes());
    to.set_bytes_out(to.bytes_out() + from.bytes_out());
    to.set_bytes_in(to.bytes_in() + from.bytes_in());
    to.set_in_flight(to.in_flight() + from.in_flight());
    // The workers' peaks need not have come together: an upper bound.
    to.set_peak_in_flight(to.peak_in_flight() + from.peak_in_flight());
    to.set_connections(to.connections() + from.connections());
    to.set_tls_connections(to.tls_connections() + from.tls_connections());
    to.set_upstream_us(to.upstream_us() + from.upstream_us());
    to.set_ejected(to.ejected() || from.ejected());
    if (from.has_latency())
        add(from.latency(), *to.mutable_latency());
}

void add(const v1::InboundSecond& from, v1::InboundSecond& to)
{
    add(from.outcomes(), *to.mutable_outcomes());
    to.set_bytes_in(to.bytes_in() + from.bytes_in());
    to.set_bytes_out(to.bytes_out() + from.bytes_out());
    to.set_in_flight(to.in_flight() + from.in_flight());
    to.set_upstream_us(to.upstream_us() + from.upstream_us());
    if (from.has_latency())
        add(from.latency(), *to.mutable_latency());
}

/// Rows of the same key become one, in the order of their first appearance.
template <typename Rows, typename KeyOf> void mergeRows(Rows& rows, KeyOf&& keyOf)
{
    std::map<decltype(keyOf(rows[0])), int> places;
    Rows merged;
    for (auto& row : rows) {
        const auto [place, isNew] = places.try_emplace(keyOf(row), merged.size());
        if (isNew)
            *merged.Add() = std::move(row);
        else
            add(row, merged[place->second]);
    }
    rows.Swap(&merged);
}

} // namespace

v1::ProxyReport mergeReports(std::vector<v1::ProxyReport> parts)
{
    v1::ProxyReport merged = std::move(parts.front());
    for (std::size_t i = 1; i < parts.size(); ++i) {
        merged.mutable_outbound()->MergeFrom(parts[i].outbound());
        merged.mutable_inbound()->MergeFrom(parts[i].inbound());
        auto& vitals = *merged.mutable_vitals();
        vitals.set_downstream_connections(vitals.downstream_connections()
            + parts[i].vitals().downstream_connections());
        for (auto& row : *merged.mutable_breakers()) {
            const auto other = std::ranges::find(
                parts[i].breakers(), row.cluster(), &v1::BreakerSecond::cluster);
            if (other != parts[i].breakers().end()) {
                row.set_limited(row.limited() || other->limited());
                row.set_panic(row.panic() || other->panic());
            }
        }
    }
    mergeRows(*merged.mutable_outbound(), [](const v1::OutboundSecond& row) {
        return std::tuple(row.cluster(), row.endpoint(), static_cast<int>(row.protocol()));
    });
    mergeRows(*merged.mutable_inbound(),
        [](const v1::InboundSecond& row) { return std::tuple(row.peer(), row.port()); });
    return merged;
}

} // namespace meshyard::proxy
