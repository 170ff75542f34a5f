// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/ids.h"
#include "embedded-mesh/proxy/exchange/response_flags.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>

namespace meshyard::proxy {

/// Counts in the buckets that Envoy gives every histogram.
class BucketCounts final
{
public:
    static constexpr std::array<double, 19> kBounds{0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000,
        2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000, 3600000};

    void record(double value);
    void add(const BucketCounts& other);
    /// The last one is above all bounds.
    const std::array<std::uint64_t, kBounds.size() + 1>& counts() const { return m_counts; }
    double sum() const { return m_sum; }
    std::uint64_t total() const;

private:
    std::array<std::uint64_t, kBounds.size() + 1> m_counts{};
    double m_sum = 0;
};

/// What tells one istio_* series of this proxy from another; `Text` is std::string or a view.
template <typename Text> struct SeriesKey
{
    Text cluster; // outbound; empty = inbound, or it had none
    Text endpoint; // outbound: instance; empty = none was chosen
    Text version; // outbound: of the endpoint, when it is known
    Text peer; // inbound: the caller's node id
    std::uint16_t port = 0; // inbound: service port
    std::uint16_t status = 0;
    std::uint32_t flags = 0;
    std::int8_t grpcStatus = -1;
    Protocol protocol = Protocol::Http1;
    bool inbound = false;
    bool tls = false; // mutual, with the caller (inbound)

    template <typename Other> bool equals(const SeriesKey<Other>& other) const
    {
        return status == other.status && flags == other.flags && cluster == other.cluster
            && endpoint == other.endpoint && version == other.version && peer == other.peer
            && port == other.port && grpcStatus == other.grpcStatus && protocol == other.protocol
            && inbound == other.inbound && tls == other.tls;
    }
    std::size_t hash() const
    {
        const std::hash<std::string_view> text;
        const std::uint64_t small = std::uint64_t{status} << 48 | std::uint64_t{port} << 32 | flags;
        std::size_t value = text(cluster) ^ (small * 0x9e3779b97f4a7c15ULL);
        value ^= text(inbound ? peer : endpoint) + (value << 6) + (value >> 2);
        return value;
    }
};

using SeriesName = SeriesKey<std::string>;
using SeriesView = SeriesKey<std::string_view>;

/// Counts behind one set of labels.
struct IstioSeries
{
    std::uint64_t requests = 0;
    BucketCounts durationMs;
    BucketCounts requestBytes;
    BucketCounts responseBytes;
    std::uint64_t tcpOpened = 0;
    std::uint64_t tcpClosed = 0;
    std::uint64_t tcpSent = 0; // to the caller
    std::uint64_t tcpReceived = 0;

    void add(const IstioSeries& other);
};

/// The istio_* metrics of one worker. Bounded: peers and codes come from outside.
///
/// Thread: its worker's.
class IstioTable final
{
public:
    static constexpr std::size_t kMaxSeries = 2000; // the rest shares one

    struct Hash
    {
        using is_transparent = void;
        template <typename Text> std::size_t operator()(const SeriesKey<Text>& key) const
        {
            return key.hash();
        }
    };
    struct Equal
    {
        using is_transparent = void;
        template <typename A, typename B>
        bool operator()(const SeriesKey<A>& a, const SeriesKey<B>& b) const
        {
            return a.equals(b);
        }
    };
    using Map = std::unordered_map<SeriesName, IstioSeries, Hash, Equal>;

    IstioSeries& series(const SeriesView& key)
    {
        const auto found = m_series.find(key);
        return found != m_series.end() ? found->second : make(key);
    }
    const Map& all() const { return m_series; }

private:
    IstioSeries& make(const SeriesView& key);

    Map m_series;
};

} // namespace meshyard::proxy
