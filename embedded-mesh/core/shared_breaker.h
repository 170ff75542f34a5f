// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/breaker.h"
#include "embedded-mesh/core/outcome_ring.h"

#include <atomic>
#include <deque>
#include <memory>

namespace meshyard {

/// One breaker shared by several workers, of which one owns the Breaker itself.
///
/// The owner publishes what it decides as one atomic word; a worker admits a call of a closed
/// breaker by one acquire load, takes trial permits by compare-and-swap from the word, and hands
/// results over in a ring of its own. The owner merges the rings by time, so that consecutive
/// failures and the window count over all workers.
///
/// Thread: as said at each group.
class SharedBreaker final
{
public:
    using Duration = Breaker::Duration;

    enum class Urgency : int {
        Soon = 1, // the owner should drain() within 10 ms
        Now = 2, // a transition may be due
    };
    /// Called by a worker that has put something into its empty ring.
    using Notify = std::function<void(Urgency)>;

    SharedBreaker(BreakerPolicy policy, std::uint64_t seed, Duration now,
        Breaker::Listener listener, unsigned workers, Notify notify);
    ~SharedBreaker();
    SharedBreaker(const SharedBreaker&) = delete;
    SharedBreaker& operator=(const SharedBreaker&) = delete;

    // Worker `worker` alone.
    BreakerDecision admit(unsigned worker, const BreakerRequest& request, Duration now)
    {
        const std::uint64_t word = m_word.load(std::memory_order_acquire);
        if ((word & kPlain) != 0) [[likely]]
            return {Admission::Admitted, BreakerPermit{word >> kGenerationShift, 0, true}};
        return admitGuarded(worker, word, request, now);
    }
    void finish(
        unsigned worker, const BreakerPermit& permit, const CallOutcome& outcome, Duration now);
    void release(unsigned worker, const BreakerPermit& permit, Duration now);
    /// Hands over what did not fit into the ring; every 100 ms at least.
    void flush(unsigned worker);

    // Any thread.
    BreakerState state() const;
    std::chrono::seconds retryAfter(Duration now) const;
    /// Whether a worker has asked for drain() since the last one.
    bool hasNews() const { return m_notified.load(std::memory_order_seq_cst) != 0; }

    // The owner alone.
    /// Takes the results of all workers over and moves time on.
    void drain(Duration now);
    void setPolicy(BreakerPolicy policy, Duration now);
    void setOverride(const BreakerOverride& wanted, Duration now);
    void clearOverride(const std::string& operatorName, Duration now);
    void reset(const std::string& operatorName, Duration now);
    const Breaker& breaker() const { return m_breaker; }
    /// The breaker's own plus what workers refused.
    BreakerCounters counters() const;

private:
    /// What belongs to one worker; on cache lines of its own.
    struct alignas(64) Desk
    {
        std::atomic<OutcomeRing*> ring{nullptr}; // made by the worker when it has the first result
        std::deque<OutcomeRecord> spill; // the worker's: the ring was full
        std::uint32_t nextLease = 1; // the worker's
        std::array<std::atomic<std::uint64_t>, 4> rejected{}; // by Admission
        std::atomic<std::uint64_t> unjudged{0};
    };

    // The word: what admit() must know, and how many trial permits lie ready.
    static constexpr std::uint64_t kPlain = 1; // closed, nothing else to look at
    static constexpr unsigned kStateShift = 1; // 2 bits
    static constexpr unsigned kOverrideShift = 3; // 2 bits
    static constexpr std::uint64_t kBinding = 1U << 5;
    static constexpr std::uint64_t kRamping = 1U << 6;
    static constexpr unsigned kDrainShift = 8; // 8 bits
    static constexpr unsigned kPermitShift = 16; // 16 bits
    static constexpr std::uint64_t kPermitMask = std::uint64_t{0xffff} << kPermitShift;
    static constexpr unsigned kGenerationShift = 32;

    BreakerDecision admitGuarded(
        unsigned worker, std::uint64_t word, const BreakerRequest& request, Duration now);
    BreakerDecision takeTrial(
        unsigned worker, std::uint64_t word, const BreakerRequest& request, Duration now);
    BreakerDecision refuse(unsigned worker, std::uint64_t word, Admission why);
    bool refusesByRamp(const BreakerRequest& request, Duration now) const;
    void hand(unsigned worker, const OutcomeRecord& record, Urgency urgency);
    void notify(Urgency urgency);

    void take(const OutcomeRecord& record);
    BreakerPermit permitOf(const OutcomeRecord& record) const;
    /// Puts the owner's state into the word and grants or withdraws trial permits.
    void publish();
    std::uint64_t plainWord() const;

    std::atomic<std::uint64_t> m_word{0};
    std::atomic<int> m_notified{0}; // highest Urgency since the last drain()
    std::atomic<std::int64_t> m_rampEnds{0};
    std::atomic<std::int64_t> m_rampLength{1};
    std::atomic<std::int64_t> m_retryAt{0}; // when the next chance comes
    const unsigned m_workers;
    const std::unique_ptr<Desk[]> m_desks;
    const Notify m_notify;

    // the owner's
    Breaker m_breaker;
    std::vector<OutcomeRecord> m_merged; // scratch
    Duration m_latest{0}; // the breaker's time never goes back
    std::uint64_t m_grantGeneration = 0; // of what follows
    unsigned m_granted = 0; // permits put into the word
    unsigned m_adopted = 0; // of them, those whose trial has been reported
};

} // namespace meshyard
