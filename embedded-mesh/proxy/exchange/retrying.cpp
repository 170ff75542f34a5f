// SPDX-License-Identifier: GPL-3.0-or-later
// Where the next attempt of an Exchange goes, and whether there is one.
#include "embedded-mesh/proxy/exchange/exchange.h"

namespace meshyard::proxy {

PickContext Exchange::choiceNow() const
{
    PickContext choice = m_retry.pickContext();
    choice.hash = m_requestHash;
    choice.now = m_attemptStarted;
    choice.subset = m_target == nullptr ? &m_forward->subset : &m_target->subset;
    return choice;
}

void Exchange::hashRequest(const RequestView& view)
{
    // As in Envoy: no cookie is made up for a balancer that does not look at it.
    if (isHashing(m_cluster->spec().balance.policy))
        m_requestHash = m_forward->hashPolicies.hash(view, m_newCookie);
}

/// x-envoy-attempt-count ends the head: only its digits change from attempt to attempt.
void Exchange::countAttempt()
{
    constexpr std::string_view kName = "x-envoy-attempt-count: ";
    const std::size_t written = m_head.rfind(kName);
    const bool again = m_retry.attempts() > 1 && written != std::string::npos;
    m_head.resize(again ? written : m_head.size() - 2);
    m_head.append(kName).append(std::to_string(m_retry.attempts())).append("\r\n\r\n");
}

bool Exchange::retriesLoss(AttemptLoss loss) const
{
    return maySendAgain() && m_retry.retriesLoss(loss);
}

bool Exchange::retriesHead(const http::ResponseHead& head)
{
    if (!m_retry.mayRetry() || !maySendAgain())
        return false;
    RequestView view;
    m_context.headerViews.clear();
    for (const http::Field& field : head.fields())
        m_context.headerViews.push_back({head.name(field), head.value(field)});
    view.headers = m_context.headerViews;
    if (!m_retry.retriesResponse(head.status(), view) && !m_retry.retriesGrpcStatus(m_grpcStatus))
        return false;
    const auto unixTime = m_context.loop.clock().system().time_since_epoch();
    m_retry.noteResponse(view, std::chrono::duration_cast<std::chrono::seconds>(unixTime).count(),
        m_context.nextRandom());
    return true;
}

bool Exchange::beginRetry()
{
    if (!m_countsRetry) {
        if (!m_cluster->beginRetry(m_forward->priority))
            return false;
        m_countsRetry = true;
    }
    // Admitted now, before the earlier answer is thrown away: a refused retry returns that one.
    const BreakerDecision decision = m_cluster->breaker().admit(
        {m_hash >> 8, m_retry.timeout()}, Cluster::breakerTime(m_context.now()));
    m_permit = decision.permit;
    m_permitHeld = decision.admission == Admission::Admitted;
    return m_permitHeld;
}

void Exchange::backOff()
{
    m_state = State::BackingOff;
    m_sent = false;
    m_stepTimer.armAfter(m_retry.pause(m_context.nextRandom()));
}

LocalReply Exchange::timeoutAnswer() const
{
    LocalReply late;
    late.status = m_retry.timeoutStatus();
    if (late.status != 204)
        late.body = "upstream request timeout\n";
    late.flag = ResponseFlag::UpstreamRequestTimeout;
    late.details = "upstream_response_timeout";
    return late;
}

const HeaderEdits* Exchange::withOwnEdits(const HeaderEdits* given)
{
    const bool counts = m_forward != nullptr && m_forward->answersAttemptCount;
    if (m_newCookie.empty() && !counts)
        return given;
    m_ownEdits = std::make_unique<HeaderEdits>(*given);
    const auto add = [this](const char* name, std::string value, HeaderEdits::Action action) {
        HeaderEdits::Addition& addition = m_ownEdits->additions.emplace_back();
        addition.name = name;
        addition.value = std::move(value);
        addition.action = action;
    };
    if (!m_newCookie.empty())
        add("set-cookie", m_newCookie, HeaderEdits::Action::Append);
    if (counts)
        add("x-envoy-attempt-count", std::to_string(m_retry.attempts()),
            HeaderEdits::Action::Overwrite);
    return m_ownEdits.get();
}

} // namespace meshyard::proxy
