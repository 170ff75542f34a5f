// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/host_picker.h"

#include "embedded-mesh/proxy/upstream/edf_scheduler.h"
#include "embedded-mesh/proxy/upstream/hash_pickers.h"

#include <cmath>

namespace meshyard::proxy {

namespace {

/// Share of its weight an endpoint gets so soon after it became healthy.
double slowStartShare(const SlowStartSpec& spec, const Endpoint& endpoint, TimePoint now)
{
    const auto age = now - endpoint.healthySince;
    if (age >= spec.window)
        return 1;
    constexpr double kMillisecond = 1e-3;
    const double elapsed = std::max(kMillisecond, std::chrono::duration<double>(age).count());
    const double progress = elapsed / std::chrono::duration<double>(spec.window).count();
    const double share = spec.aggression == 1 ? progress : std::pow(progress, 1 / spec.aggression);
    return std::max(spec.minWeight, std::min(share, 1.0));
}

bool needsTurns(const SlowStartSpec& slowStart, const HostPicker::Hosts& hosts, TimePoint now)
{
    return std::ranges::any_of(hosts, [&](const HostPicker::Host& host) {
        return host.weight != hosts.front().weight
            || (slowStart.window.count() > 0
                && now - host.endpoint->healthySince < slowStart.window);
    });
}

class RandomPicker final : public HostPicker
{
public:
    using HostPicker::HostPicker;

    const std::shared_ptr<Endpoint>& pick(
        const PickContext& /*context*/, std::uint64_t draw, unsigned /*attempt*/) override
    {
        return at(draw % m_hosts.size());
    }
};

/// All weights equal: one after another.
class RoundRobinPicker final : public HostPicker
{
public:
    RoundRobinPicker(Hosts hosts, std::uint64_t seed)
        : HostPicker(std::move(hosts))
        , m_next(seed % m_hosts.size())
    {
    }

    const std::shared_ptr<Endpoint>& pick(
        const PickContext& /*context*/, std::uint64_t /*draw*/, unsigned /*attempt*/) override
    {
        const std::size_t index = m_next;
        m_next = m_next + 1 == m_hosts.size() ? 0 : m_next + 1;
        return at(index);
    }

private:
    std::size_t m_next;
};

/// All weights equal: the least busy of a few drawn at random, or of all.
class LeastRequestPicker final : public HostPicker
{
public:
    LeastRequestPicker(Hosts hosts, const BalanceSpec& spec)
        : HostPicker(std::move(hosts))
        , m_choices(spec.choices)
        , m_fullScan(spec.fullScan)
    {
    }

    const std::shared_ptr<Endpoint>& pick(
        const PickContext& /*context*/, std::uint64_t draw, unsigned /*attempt*/) override
    {
        if (m_hosts.size() == 1)
            return at(0);
        return m_fullScan ? leastOfAll(draw) : leastOfDrawn(draw);
    }

private:
    const std::shared_ptr<Endpoint>& leastOfDrawn(std::uint64_t draw)
    {
        const std::size_t count = m_hosts.size();
        std::size_t best = nextRandom(draw) % count;
        for (std::uint32_t i = 1; i < m_choices; ++i) {
            std::size_t other = nextRandom(draw) % count;
            if (count == 2) // compare both, not one with itself
                other = 1 - best;
            if (at(other)->active < at(best)->active)
                best = other;
        }
        return at(best);
    }

    const std::shared_ptr<Endpoint>& leastOfAll(std::uint64_t draw)
    {
        std::size_t best = 0;
        std::uint64_t ties = 1;
        for (std::size_t i = 1; i < m_hosts.size(); ++i) {
            if (at(i)->active < at(best)->active) {
                best = i;
                ties = 1;
            } else if (at(i)->active == at(best)->active && nextRandom(draw) % ++ties == 0) {
                best = i; // each of the least busy with the same chance
            }
        }
        return at(best);
    }

    std::uint32_t m_choices;
    bool m_fullScan;
};

/// Weights differ, or someone is in slow start: turns by weight; least request divides the weight
/// by what the endpoint has to do.
class WeightedPicker final : public HostPicker
{
public:
    WeightedPicker(Hosts hosts, const BalanceSpec& spec, std::uint64_t seed, TimePoint now)
        : HostPicker(std::move(hosts))
        , m_slowStart(spec.slowStart)
        , m_bias(spec.policy == BalancePolicy::LeastRequest ? spec.activeRequestBias : 0)
    {
        for (std::uint32_t i = 0; i < m_hosts.size(); ++i)
            m_turns.add(i, weightOf(i, now));
        // Workers and proxies that get the same endpoints at once shall not march in step.
        for (std::uint64_t skipped = seed % m_hosts.size(); skipped > 0; --skipped)
            m_turns.next([&](std::uint32_t index) { return weightOf(index, now); });
    }

    const std::shared_ptr<Endpoint>& pick(
        const PickContext& context, std::uint64_t /*draw*/, unsigned /*attempt*/) override
    {
        return at(m_turns.next([&](std::uint32_t index) { return weightOf(index, context.now); }));
    }

private:
    double weightOf(std::uint32_t index, TimePoint now) const
    {
        double weight = m_hosts[index].weight;
        if (m_bias == 1)
            weight /= at(index)->active + 1.0;
        else if (m_bias > 0)
            weight /= std::pow(at(index)->active + 1.0, m_bias);
        if (m_slowStart.window.count() > 0)
            weight *= slowStartShare(m_slowStart, *at(index), now);
        return weight;
    }

    const SlowStartSpec m_slowStart;
    const double m_bias;
    EdfScheduler m_turns;
};

} // namespace

std::unique_ptr<HostPicker> HostPicker::make(
    const BalanceSpec& spec, Hosts hosts, std::uint64_t seed, TimePoint now)
{
    switch (spec.policy) {
    case BalancePolicy::Random:
        return std::make_unique<RandomPicker>(std::move(hosts));
    case BalancePolicy::RingHash:
        return std::make_unique<RingPicker>(std::move(hosts), spec);
    case BalancePolicy::Maglev:
        return std::make_unique<MaglevPicker>(std::move(hosts), spec);
    case BalancePolicy::RoundRobin:
    case BalancePolicy::LeastRequest:
        break;
    }
    if (needsTurns(spec.slowStart, hosts, now))
        return std::make_unique<WeightedPicker>(std::move(hosts), spec, seed, now);
    if (spec.policy == BalancePolicy::RoundRobin)
        return std::make_unique<RoundRobinPicker>(std::move(hosts), seed);
    return std::make_unique<LeastRequestPicker>(std::move(hosts), spec);
}

} // namespace meshyard::proxy
