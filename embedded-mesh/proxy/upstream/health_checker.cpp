// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/health_checker.h"

namespace meshyard::proxy {

/// The checks of one cluster.
struct HealthChecker::Watch
{
    std::shared_ptr<const Cluster> cluster; // of the first worker: whether there is traffic
    HealthCheckSpec spec;
    Counters counters;
    std::map<std::string, std::unique_ptr<Session>> sessions; // by endpoint address
};

/// One endpoint: a probe after another.
class HealthChecker::Session final
{
public:
    Session(HealthChecker& checker, Watch& watch, const EndpointSpec& endpoint)
        : m_checker(checker)
        , m_watch(watch)
        , m_endpoint(endpoint.address)
        , m_timer(checker.m_loop.timers(), [this] { probe(); })
        , m_probe(HealthProbe::make(checker.m_clients, watch.spec, targetOf(watch, endpoint),
              [this](ProbeResult result) { take(result); }))
    {
        m_timer.armAfter(random(watch.spec.initialJitter));
    }

private:
    using Micros = HealthCheckSpec::Micros;

    static net::SocketAddress addressOf(const HealthCheckSpec& spec, const EndpointSpec& endpoint)
    {
        net::SocketAddress address = endpoint.healthCheckAddress.isEmpty()
            ? endpoint.address
            : endpoint.healthCheckAddress;
        if (endpoint.healthCheckAddress.isEmpty() && spec.altPort != 0)
            address.setPort(spec.altPort);
        return address;
    }

    static HealthProbe::Target targetOf(const Watch& watch, const EndpointSpec& endpoint)
    {
        HealthProbe::Target target;
        target.address = addressOf(watch.spec, endpoint);
        target.host = hostOf(watch, endpoint);
        target.connect = [cluster = watch.cluster, address = target.address,
                             labels = endpoint.transportLabels](net::Connection& connection) {
            return cluster->spec().transport.connect(connection, address, labels);
        };
        return target;
    }

    static std::string hostOf(const Watch& watch, const EndpointSpec& endpoint)
    {
        if (!endpoint.healthCheckHost.empty())
            return endpoint.healthCheckHost;
        return watch.spec.host.empty() ? watch.cluster->name() : watch.spec.host;
    }

    Micros random(Micros below)
    {
        if (below.count() <= 0)
            return Micros(0);
        return Micros(static_cast<std::int64_t>(
            nextRandom(m_checker.m_random) % static_cast<std::uint64_t>(below.count())));
    }

    void probe()
    {
        ++m_watch.counters.attempts;
        m_probe->start();
    }

    void take(ProbeResult result)
    {
        const auto transition = m_thresholds.take(result, m_watch.spec);
        const bool passed = m_thresholds.lastPassed();
        ++(passed ? m_watch.counters.successes : m_watch.counters.failures);
        m_watch.counters.networkFailures += result == ProbeResult::Lost ? 1U : 0U;
        const bool hasTraffic = m_watch.cluster->connectionsEver() > 0;
        const Micros base = m_thresholds.interval(transition, hasTraffic, m_watch.spec);
        m_timer.armAfter(base + random(base * m_watch.spec.intervalJitterPercent / 100)
            + random(m_watch.spec.intervalJitter));
        // Last: the endpoint may go by it, and this session with it.
        m_checker.m_sink(m_watch.cluster->name(), m_endpoint, m_thresholds.verdict(), passed);
    }

    HealthChecker& m_checker;
    Watch& m_watch;
    const net::SocketAddress m_endpoint;
    HealthThresholds m_thresholds;
    net::Timer m_timer;
    std::unique_ptr<HealthProbe> m_probe;
};

HealthChecker::HealthChecker(net::EventLoop& loop, std::uint64_t seed, Sink sink)
    : m_loop(loop)
    , m_random(seed)
    , m_sink(std::move(sink))
    , m_clients(loop)
{
}

HealthChecker::~HealthChecker() = default;

void HealthChecker::follow(const std::shared_ptr<const Cluster>& cluster)
{
    const auto& checks = cluster->spec().healthChecks;
    const auto known = m_watches.find(cluster->name());
    const bool same
        = known != m_watches.end() && !checks.empty() && known->second->spec == checks.front();
    if (known != m_watches.end() && !same)
        m_watches.erase(known);
    if (checks.empty())
        return;
    auto& watch = m_watches[cluster->name()];
    if (watch == nullptr) {
        watch = std::make_unique<Watch>();
        watch->spec = checks.front();
    }
    watch->cluster = cluster;
    std::map<std::string, std::unique_ptr<Session>> kept;
    for (const auto& endpoint : cluster->endpoints()) {
        if (!endpoint->spec().healthChecked)
            continue;
        const std::string key = endpoint->spec().address.toString();
        if (auto old = watch->sessions.extract(key); !old.empty())
            kept.insert(std::move(old));
        else if (!kept.contains(key))
            kept.emplace(key, std::make_unique<Session>(*this, *watch, endpoint->spec()));
    }
    watch->sessions.swap(kept);
    // Sessions that ended may be on the stack: this is called when their verdict removed them.
    m_loop.disposeLater(std::make_shared<decltype(kept)>(std::move(kept)));
}

void HealthChecker::keepOnly(const std::function<bool(const std::string&)>& isWanted)
{
    std::erase_if(m_watches, [&](const auto& entry) { return !isWanted(entry.first); });
}

const HealthChecker::Counters* HealthChecker::counters(const std::string& cluster) const
{
    const auto found = m_watches.find(cluster);
    return found == m_watches.end() ? nullptr : &found->second->counters;
}

} // namespace meshyard::proxy
