// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/breaker_policy.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>

namespace meshyard {

namespace {

constexpr std::array<std::string_view, 17> kGrpcCodes{"ok", "cancelled", "unknown",
    "invalidargument", "deadlineexceeded", "notfound", "alreadyexists", "permissiondenied",
    "resourceexhausted", "failedprecondition", "aborted", "outofrange", "unimplemented", "internal",
    "unavailable", "dataloss", "unauthenticated"};

std::string folded(std::string_view word)
{
    std::string plain;
    for (const char c : word) {
        if (c == '-' || c == '_' || c == ' ')
            continue;
        plain += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
    return plain;
}

constexpr std::size_t bit(CallOutcome::End end)
{
    return static_cast<std::size_t>(end);
}

} // namespace

bool OutcomeSet::addEnd(std::string_view word)
{
    using End = CallOutcome::End;
    if (word == "connecterror" || word == "connectfailure")
        m_ends.set(bit(End::ConnectError));
    else if (word == "reset")
        m_ends.set(bit(End::Reset));
    else if (word == "timeout")
        m_ends.set(bit(End::Timeout));
    else if (word == "callercancelled")
        m_ends.set(bit(End::Cancelled));
    else if (word == "gatewayerror")
        m_statuses.set(502).set(503).set(504);
    else
        return false;
    return true;
}

bool OutcomeSet::add(std::string_view spelled)
{
    std::string word = folded(spelled);
    if (word.starts_with("grpc"))
        word.erase(0, word.starts_with("grpc:") ? 5 : 4);
    if (word.size() == 3 && word.ends_with("xx") && word[0] >= '1' && word[0] <= '5') {
        m_classes.set(static_cast<std::size_t>(word[0] - '0'));
        return true;
    }
    unsigned status = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), status);
    if (error == std::errc() && end == word.data() + word.size()) {
        if (status < 100 || status >= m_statuses.size())
            return false;
        m_statuses.set(status);
        return true;
    }
    if (word == "cancelled") // both the caller that left and the gRPC code of that name
        m_ends.set(bit(CallOutcome::End::Cancelled));
    const auto code = std::ranges::find(kGrpcCodes, std::string_view(word));
    if (code != kGrpcCodes.end()) {
        m_grpc.set(static_cast<std::size_t>(code - kGrpcCodes.begin()));
        return true;
    }
    return addEnd(word);
}

Result<OutcomeSet> OutcomeSet::parse(std::span<const std::string> words)
{
    OutcomeSet set;
    for (const std::string& word : words) {
        if (!set.add(word)) {
            return failure(ErrorCode::InvalidArgument,
                "'" + word
                    + "' is not an outcome: use connect-error, reset, timeout, cancelled, "
                      "gateway-error, 5xx, a status such as 429, or a gRPC code");
        }
    }
    return set;
}

OutcomeSet OutcomeSet::of(std::initializer_list<std::string_view> words)
{
    OutcomeSet set;
    for (const std::string_view word : words) {
        [[maybe_unused]] const bool known = set.add(word);
        assert(known);
    }
    return set;
}

OutcomeSet::Match OutcomeSet::match(const CallOutcome& outcome) const
{
    if (outcome.end != CallOutcome::End::Response)
        return m_ends.test(bit(outcome.end)) ? Match::Exact : Match::None;
    if (outcome.grpcStatus > 0) {
        const auto code = static_cast<std::size_t>(outcome.grpcStatus);
        if (code < m_grpc.size() && m_grpc.test(code))
            return Match::Exact;
    }
    if (outcome.status < 100 || outcome.status >= 600)
        return Match::None;
    const auto status = static_cast<std::size_t>(outcome.status);
    if (m_statuses.test(status))
        return Match::Exact;
    return m_classes.test(status / 100) ? Match::Class : Match::None;
}

OutcomeSet BreakerPolicy::defaultFailureOn()
{
    static const OutcomeSet set = OutcomeSet::of({"connect-error", "reset", "timeout", "5xx",
        "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED", "DATA_LOSS"});
    return set;
}

OutcomeSet BreakerPolicy::defaultSoftFailureOn()
{
    static const OutcomeSet set = OutcomeSet::of({"429", "RESOURCE_EXHAUSTED"});
    return set;
}

OutcomeSet BreakerPolicy::defaultIgnoreOn()
{
    static const OutcomeSet set = OutcomeSet::of({"cancelled", "4xx"});
    return set;
}

void BreakerPolicy::normalize()
{
    using namespace std::chrono_literals;
    window = std::clamp<Duration>(window, 1s, 300s);
    buckets = std::clamp(buckets, 1U, 100U);
    minCalls = std::max(minCalls, 1U);
    openBase = std::max<Duration>(openBase, 1ms);
    openMax = std::max(openMax, openBase);
    jitter = std::clamp(jitter, 0.0, 1.0);
    trialCalls = std::max(trialCalls, 1U);
    trialSuccess = std::clamp(trialSuccess, 1U, trialCalls);
    trialConcurrency = std::max(trialConcurrency, 1U);
    halfOpenMax = std::max<Duration>(halfOpenMax, 1ms);
    if (rejectStatus < 400 || rejectStatus > 599)
        rejectStatus = 503;
}

bool BreakerPolicy::hasSameWindow(const BreakerPolicy& other) const
{
    return window == other.window && buckets == other.buckets;
}

CallVerdict BreakerPolicy::judge(const CallOutcome& outcome) const
{
    using Match = OutcomeSet::Match;
    if (outcome.end == CallOutcome::End::NoEndpoint)
        return CallVerdict::Failure;
    for (const Match wanted : {Match::Exact, Match::Class}) {
        if (failureOn.match(outcome) == wanted)
            return CallVerdict::Failure;
        if (softFailureOn.match(outcome) == wanted)
            return CallVerdict::SoftFailure;
        if (ignoreOn.match(outcome) == wanted)
            return CallVerdict::Ignored;
    }
    // A caller that left says nothing about the callee, whatever the lists leave out.
    return outcome.end == CallOutcome::End::Cancelled ? CallVerdict::Ignored : CallVerdict::Success;
}

bool BreakerPolicy::isSlow(const CallOutcome& outcome) const
{
    return slowCall.count() > 0 && outcome.latency >= slowCall;
}

} // namespace meshyard
