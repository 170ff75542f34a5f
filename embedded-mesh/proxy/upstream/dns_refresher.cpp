// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/dns_refresher.h"

#include "embedded-mesh/proxy/upstream/host_picker.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

bool byText(const net::SocketAddress& a, const net::SocketAddress& b)
{
    return a.toString() < b.toString();
}

} // namespace

struct DnsRefresher::Watch
{
    std::string cluster;
    DnsSpec spec;
    std::shared_ptr<const EndpointSet> configured;
    std::shared_ptr<const EndpointSet> current;
    std::vector<std::unique_ptr<Name>> names;
};

/// One name of a cluster.
class DnsRefresher::Name final
{
public:
    Name(DnsRefresher& refresher, Watch& watch, std::string host,
        std::vector<net::SocketAddress> addresses)
        : m_refresher(refresher)
        , m_watch(watch)
        , m_host(std::move(host))
        , m_addresses(std::move(addresses))
        , m_timer(refresher.m_loop.timers(), [this] { ask(); })
    {
        m_timer.armAfter(std::chrono::microseconds(0)); // the first answer brings the TTL
    }

    const std::vector<net::SocketAddress>& addresses() const { return m_addresses; }

private:
    using Micros = std::chrono::microseconds;

    void ask()
    {
        m_refresher.m_lookup->resolve(
            m_host, [this, alive = std::weak_ptr(m_alive)](const Result<DnsAnswer>& answer) {
                if (!alive.expired())
                    take(answer);
            });
    }

    void take(const Result<DnsAnswer>& answer)
    {
        const DnsSpec& spec = m_watch.spec;
        auto addresses
            = answer ? spec.filtered(answer->addresses) : std::vector<net::SocketAddress>();
        if (addresses.empty()) { // what was known stays in use
            m_timer.armAfter(failurePause());
            return;
        }
        m_failures = 0;
        Micros pause = spec.refresh;
        if (spec.respectTtl && answer->ttl)
            pause = *answer->ttl;
        m_timer.armAfter(m_refresher.jittered(pause, spec));
        if (!spec.logical)
            std::ranges::sort(addresses, byText); // servers rotate them; the set is the same
        if (addresses == m_addresses)
            return;
        m_addresses = std::move(addresses);
        m_refresher.publish(m_watch);
    }

    Micros failurePause()
    {
        const DnsSpec& spec = m_watch.spec;
        if (spec.failureBase.count() == 0)
            return m_refresher.jittered(spec.refresh, spec);
        const std::int64_t limit = std::min(
            spec.failureMax.count(), spec.failureBase.count() << std::min(m_failures++, 20U));
        return Micros(static_cast<std::int64_t>(nextRandom(m_refresher.m_random)
                          % static_cast<std::uint64_t>(std::max<std::int64_t>(limit, 1)))
            + 1);
    }

    DnsRefresher& m_refresher;
    Watch& m_watch;
    const std::string m_host;
    std::vector<net::SocketAddress> m_addresses;
    unsigned m_failures = 0;
    net::Timer m_timer;
    const std::shared_ptr<bool> m_alive = std::make_shared<bool>(true);
};

DnsRefresher::DnsRefresher(net::EventLoop& loop, std::uint64_t seed, Sink sink, std::string servers)
    : m_loop(loop)
    , m_random(seed)
    , m_sink(std::move(sink))
    , m_servers(std::move(servers))
{
}

DnsRefresher::~DnsRefresher() = default;

std::shared_ptr<const EndpointSet> DnsRefresher::follow(
    const ClusterSpec& spec, const std::shared_ptr<const EndpointSet>& configured)
{
    if (!spec.dns || configured == nullptr || configured->names.empty()) {
        m_watches.erase(spec.name);
        return configured;
    }
    auto& watch = m_watches[spec.name];
    if (watch != nullptr && watch->configured == configured && watch->spec == *spec.dns)
        return watch->current;
    if (m_lookup == nullptr)
        m_lookup = std::make_unique<DnsLookup>(m_loop, m_servers);
    watch = std::make_unique<Watch>();
    watch->cluster = spec.name;
    watch->spec = *spec.dns;
    watch->configured = watch->current = configured;
    for (const DnsName& name : configured->names) {
        std::vector<net::SocketAddress> known;
        for (const EndpointSpec& endpoint : configured->endpoints) {
            if (endpoint.hostname != name.common.hostname || endpoint.address.port() != name.port)
                continue;
            known.push_back(endpoint.address);
            known.back().setPort(0);
        }
        if (!spec.dns->logical)
            std::ranges::sort(known, byText);
        watch->names.push_back(std::make_unique<Name>(*this, *watch, name.host, std::move(known)));
    }
    return watch->current;
}

void DnsRefresher::keepOnly(const std::function<bool(const std::string&)>& isWanted)
{
    std::erase_if(m_watches, [&](const auto& entry) { return !isWanted(entry.first); });
}

void DnsRefresher::publish(Watch& watch)
{
    std::vector<std::vector<net::SocketAddress>> addresses;
    for (const auto& name : watch.names)
        addresses.push_back(name->addresses());
    watch.current = watch.configured->withAddresses(addresses, watch.spec);
    m_sink(watch.cluster, watch.current);
}

std::chrono::microseconds DnsRefresher::jittered(
    std::chrono::microseconds pause, const DnsSpec& spec)
{
    if (spec.jitter.count() <= 0)
        return pause;
    return pause
        + std::chrono::microseconds(static_cast<std::int64_t>(
            nextRandom(m_random) % static_cast<std::uint64_t>(spec.jitter.count())));
}

} // namespace meshyard::proxy
