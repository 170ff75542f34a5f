// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/shared_breaker.h"

#include <algorithm>
#include <limits>

namespace meshyard {

namespace {

using Duration = SharedBreaker::Duration;

constexpr std::uint64_t kMaxPermits = 0xffff;
constexpr std::size_t kMaxSpill = 16384; // an owner that stands still must not cost the memory

std::uint32_t saturated(std::int64_t value)
{
    constexpr std::int64_t kMax = std::numeric_limits<std::uint32_t>::max();
    return static_cast<std::uint32_t>(std::clamp<std::int64_t>(value, 0, kMax));
}

bool looksBad(const CallOutcome& outcome)
{
    return outcome.end != CallOutcome::End::Response || outcome.status >= 500
        || outcome.grpcStatus > 0;
}

/// Single writer: no locked instruction needed.
void increment(std::atomic<std::uint64_t>& counter)
{
    counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

} // namespace

SharedBreaker::SharedBreaker(BreakerPolicy policy, std::uint64_t seed, Duration now,
    Breaker::Listener listener, unsigned workers, Notify notify)
    : m_workers(workers)
    , m_desks(std::make_unique<Desk[]>(workers))
    , m_notify(std::move(notify))
    , m_breaker(std::move(policy), seed, now, std::move(listener))
    , m_latest(now)
{
    publish();
}

SharedBreaker::~SharedBreaker()
{
    for (unsigned i = 0; i < m_workers; ++i)
        delete m_desks[i].ring.load();
}

BreakerState SharedBreaker::state() const
{
    return static_cast<BreakerState>((m_word.load(std::memory_order_acquire) >> kStateShift) & 3);
}

std::chrono::seconds SharedBreaker::retryAfter(Duration now) const
{
    const Duration until(m_retryAt.load(std::memory_order_relaxed));
    const auto left = std::chrono::ceil<std::chrono::seconds>(std::max(until - now, Duration(0)));
    return std::max(left, std::chrono::seconds(1));
}

bool SharedBreaker::refusesByRamp(const BreakerRequest& request, Duration now) const
{
    const std::int64_t left = m_rampEnds.load(std::memory_order_relaxed) - now.count();
    if (left <= 0)
        return false;
    const double share = static_cast<double>(left)
        / static_cast<double>(m_rampLength.load(std::memory_order_relaxed));
    return static_cast<double>(request.hash % 1000) < share * 1000.0;
}

BreakerDecision SharedBreaker::admitGuarded(
    unsigned worker, std::uint64_t word, const BreakerRequest& request, Duration now)
{
    const auto kind = static_cast<OverrideKind>((word >> kOverrideShift) & 3);
    const bool drained
        = kind == OverrideKind::Draining && request.hash % 100 < ((word >> kDrainShift) & 0xff);
    if (kind == OverrideKind::ForcedOpen || drained) {
        increment(m_desks[worker].rejected[static_cast<std::size_t>(Admission::ForcedOpen)]);
        return {Admission::ForcedOpen, {}};
    }
    switch (static_cast<BreakerState>((word >> kStateShift) & 3)) {
    case BreakerState::Closed:
        if ((word & kRamping) != 0 && refusesByRamp(request, now))
            return refuse(worker, word, Admission::HalfOpen);
        break;
    case BreakerState::Open:
        return refuse(worker, word, Admission::Open);
    case BreakerState::HalfOpen:
        return takeTrial(worker, word, request, now);
    }
    return {Admission::Admitted, BreakerPermit{word >> kGenerationShift, 0, true}};
}

BreakerDecision SharedBreaker::refuse(unsigned worker, std::uint64_t word, Admission why)
{
    if ((word & kBinding) == 0)
        return {Admission::Admitted, BreakerPermit{word >> kGenerationShift, 0, false}};
    increment(m_desks[worker].rejected[static_cast<std::size_t>(why)]);
    return {why, {}};
}

BreakerDecision SharedBreaker::takeTrial(
    unsigned worker, std::uint64_t word, const BreakerRequest& request, Duration now)
{
    const std::uint64_t seen = word;
    for (;;) {
        if ((word & kPermitMask) == 0)
            return refuse(worker, word, Admission::HalfOpen);
        if (m_word.compare_exchange_weak(word, word - (std::uint64_t{1} << kPermitShift),
                std::memory_order_acq_rel, std::memory_order_acquire))
            break;
        // Anything but a permit taken by a neighbour is a new decision of the owner.
        if (((word ^ seen) & ~kPermitMask) != 0)
            return admit(worker, request, now);
    }
    Desk& desk = m_desks[worker];
    OutcomeRecord begun;
    begun.kind = OutcomeRecord::Kind::TrialBegun;
    begun.at = now.count();
    begun.generation = static_cast<std::uint32_t>(word >> kGenerationShift);
    begun.lease = desk.nextLease * m_workers + worker; // unlike any other worker's
    desk.nextLease = desk.nextLease >= UINT32_MAX / m_workers - 1 ? 1 : desk.nextLease + 1;
    begun.micros = saturated(request.routeTimeout.count());
    hand(worker, begun, Urgency::Now);
    return {Admission::Admitted, BreakerPermit{begun.generation, begun.lease, true}};
}

void SharedBreaker::finish(
    unsigned worker, const BreakerPermit& permit, const CallOutcome& outcome, Duration now)
{
    if (!permit.judged)
        return increment(m_desks[worker].unjudged);
    OutcomeRecord record;
    record.at = now.count();
    record.generation = static_cast<std::uint32_t>(permit.generation);
    record.lease = permit.lease;
    record.micros = saturated(outcome.latency.count());
    if (outcome.retryAfter)
        record.retryAfterMs = saturated(outcome.retryAfter->count() / 1000);
    record.status = static_cast<std::int16_t>(outcome.status);
    record.grpcStatus = static_cast<std::int8_t>(outcome.grpcStatus);
    record.end = static_cast<std::uint8_t>(outcome.end);
    const bool binding = (m_word.load(std::memory_order_relaxed) & kBinding) != 0;
    const bool urgent = permit.lease != 0 || (binding && looksBad(outcome));
    hand(worker, record, urgent ? Urgency::Now : Urgency::Soon);
}

void SharedBreaker::release(unsigned worker, const BreakerPermit& permit, Duration now)
{
    if (!permit.judged || permit.lease == 0)
        return;
    OutcomeRecord record;
    record.kind = OutcomeRecord::Kind::Released;
    record.at = now.count();
    record.generation = static_cast<std::uint32_t>(permit.generation);
    record.lease = permit.lease;
    hand(worker, record, Urgency::Now);
}

void SharedBreaker::hand(unsigned worker, const OutcomeRecord& record, Urgency urgency)
{
    Desk& desk = m_desks[worker];
    OutcomeRing* ring = desk.ring.load(std::memory_order_relaxed);
    if (ring == nullptr) {
        ring = new OutcomeRing;
        desk.ring.store(ring, std::memory_order_seq_cst);
    }
    flush(worker);
    if (!desk.spill.empty() || !ring->push(record)) { // in order, behind what waits already
        if (desk.spill.size() >= kMaxSpill && record.lease == 0)
            return increment(desk.unjudged);
        desk.spill.push_back(record);
        urgency = Urgency::Now;
    }
    notify(ring->isHalfFull() ? Urgency::Now : urgency);
}

void SharedBreaker::flush(unsigned worker)
{
    Desk& desk = m_desks[worker];
    if (desk.spill.empty())
        return;
    OutcomeRing& ring = *desk.ring.load(std::memory_order_relaxed);
    while (!desk.spill.empty() && ring.push(desk.spill.front()))
        desk.spill.pop_front();
    notify(Urgency::Now);
}

void SharedBreaker::notify(Urgency urgency)
{
    const int wanted = static_cast<int>(urgency);
    int told = m_notified.load(std::memory_order_seq_cst);
    while (told < wanted) {
        if (m_notified.compare_exchange_weak(told, wanted, std::memory_order_seq_cst))
            return m_notify(urgency);
    }
}

void SharedBreaker::drain(Duration now)
{
    m_notified.store(0, std::memory_order_seq_cst); // before looking: see OutcomeRing
    m_merged.clear();
    for (unsigned i = 0; i < m_workers; ++i) {
        if (OutcomeRing* const ring = m_desks[i].ring.load(std::memory_order_seq_cst))
            ring->takeAll([this](const OutcomeRecord& record) { m_merged.push_back(record); });
    }
    std::ranges::stable_sort(m_merged, {}, &OutcomeRecord::at);
    for (const OutcomeRecord& record : m_merged)
        take(record);
    m_latest = std::max(m_latest, now);
    m_breaker.tick(m_latest);
    publish();
}

BreakerPermit SharedBreaker::permitOf(const OutcomeRecord& record) const
{
    const std::uint64_t current = m_breaker.generation();
    const bool same = static_cast<std::uint32_t>(current) == record.generation;
    return {same ? current : 0, record.lease, true};
}

void SharedBreaker::take(const OutcomeRecord& record)
{
    m_latest = std::max(m_latest, Duration(record.at));
    const BreakerPermit permit = permitOf(record);
    switch (record.kind) {
    case OutcomeRecord::Kind::TrialBegun:
        m_adopted += m_breaker.adoptTrial(permit, Duration(record.micros), m_latest) ? 1U : 0U;
        return;
    case OutcomeRecord::Kind::Released:
        return m_breaker.release(permit, m_latest);
    case OutcomeRecord::Kind::Finished:
        break;
    }
    CallOutcome outcome;
    outcome.end = static_cast<CallOutcome::End>(record.end);
    outcome.status = record.status;
    outcome.grpcStatus = record.grpcStatus;
    outcome.latency = Duration(record.micros);
    if (record.retryAfterMs > 0)
        outcome.retryAfter = std::chrono::milliseconds(record.retryAfterMs);
    m_breaker.finish(permit, outcome, m_latest);
}

std::uint64_t SharedBreaker::plainWord() const
{
    const BreakerOverride& forced = m_breaker.manualOverride();
    const BreakerState state = m_breaker.state();
    const bool ramping = state == BreakerState::Closed && m_latest < m_breaker.rampEnds();
    const bool binding = m_breaker.policy().mode == BreakerMode::Enforce
        && forced.kind != OverrideKind::ForcedClosed;
    const bool refusesByHand
        = forced.kind == OverrideKind::ForcedOpen || forced.kind == OverrideKind::Draining;
    std::uint64_t word = m_breaker.generation() << kGenerationShift;
    word |= static_cast<std::uint64_t>(state) << kStateShift;
    word |= static_cast<std::uint64_t>(forced.kind) << kOverrideShift;
    word |= std::uint64_t{std::min(forced.drainPercent, 100U)} << kDrainShift;
    word |= binding ? kBinding : 0;
    word |= ramping ? kRamping : 0;
    word |= state == BreakerState::Closed && !ramping && !refusesByHand ? kPlain : 0;
    return word;
}

void SharedBreaker::publish()
{
    m_rampEnds.store(m_breaker.rampEnds().count(), std::memory_order_relaxed);
    m_rampLength.store(
        std::max<std::int64_t>(m_breaker.policy().ramp.count(), 1), std::memory_order_relaxed);
    m_retryAt.store(m_breaker.nextChance().count(), std::memory_order_relaxed);
    const std::uint64_t base = plainWord();
    if (m_breaker.generation() != m_grantGeneration) {
        m_grantGeneration = m_breaker.generation();
        m_adopted = 0;
        m_granted = static_cast<unsigned>(
            std::min<std::uint64_t>(m_breaker.wantedTrials(), kMaxPermits));
        m_word.store(
            base | (std::uint64_t{m_granted} << kPermitShift), std::memory_order_release);
        return;
    }
    // Permits in the word and trials on their way here are the ones granted but not adopted.
    const std::int64_t open = std::int64_t{m_breaker.runningTrials()} + m_granted - m_adopted;
    const std::int64_t more
        = std::min<std::int64_t>(m_breaker.wantedTrials(), kMaxPermits) - open;
    std::uint64_t word = m_word.load(std::memory_order_acquire);
    std::int64_t changed = 0;
    std::uint64_t wanted = 0;
    do {
        const auto left = static_cast<std::int64_t>((word & kPermitMask) >> kPermitShift);
        changed = std::max(more, -left); // those taken can't be withdrawn
        wanted = base | (static_cast<std::uint64_t>(left + changed) << kPermitShift);
    } while (wanted != word
        && !m_word.compare_exchange_weak(
            word, wanted, std::memory_order_acq_rel, std::memory_order_acquire));
    m_granted = static_cast<unsigned>(std::int64_t{m_granted} + changed);
}

void SharedBreaker::setPolicy(BreakerPolicy policy, Duration now)
{
    drain(now);
    m_breaker.setPolicy(std::move(policy), m_latest);
    publish();
}

void SharedBreaker::setOverride(const BreakerOverride& wanted, Duration now)
{
    drain(now);
    m_breaker.setOverride(wanted, m_latest);
    publish();
}

void SharedBreaker::clearOverride(const std::string& operatorName, Duration now)
{
    drain(now);
    m_breaker.clearOverride(operatorName, m_latest);
    publish();
}

void SharedBreaker::reset(const std::string& operatorName, Duration now)
{
    drain(now);
    m_breaker.reset(operatorName, m_latest);
    publish();
}

BreakerCounters SharedBreaker::counters() const
{
    BreakerCounters sum = m_breaker.counters();
    for (unsigned i = 0; i < m_workers; ++i) {
        for (std::size_t why = 0; why < sum.rejected.size(); ++why)
            sum.rejected[why] += m_desks[i].rejected[why].load(std::memory_order_relaxed);
        sum.unjudged += m_desks[i].unjudged.load(std::memory_order_relaxed);
    }
    return sum;
}

} // namespace meshyard
