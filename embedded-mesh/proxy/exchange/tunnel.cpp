// SPDX-License-Identifier: GPL-3.0-or-later
// Exchange after a 101, or a 2xx to CONNECT: bytes both ways until both sides have finished.
#include "embedded-mesh/proxy/exchange/exchange.h"

#include "embedded-mesh/proxy/filter/filter_chain.h"

namespace meshyard::proxy {

bool Exchange::opensTunnel(int status) const
{
    if (!m_wantsTunnel)
        return false;
    // Over HTTP/2 an upgrade is asked for by CONNECT, too.
    return m_method == http::Method::Connect || usesHttp2() ? status / 100 == 2 : status == 101;
}

void Exchange::beginTunnel(const http::ResponseHead& head)
{
    m_tunnel = true;
    m_responseDone = false;
    m_requestDone = false;
    m_keepsBody = false;
    m_state = State::Responding;
    m_routeTimer.cancel(); // a tunnel lasts; only silence ends it
    if (m_idleLimit.count() > 0)
        m_stepTimer.armAfter(m_idleLimit);
    m_log.responseBegins(head, m_context.loop.clock());
    judgeNow(); // what comes later is no answer to judge
    const std::string early = std::exchange(m_body, {});
    m_upstream->sendBody(early);
    m_endpoint->counters.bytesOut += early.size();
    m_downstream.resumeRequestBody();
    const std::string_view upgrade
        = m_method == http::Method::Connect ? std::string_view() : std::string_view(m_upgrade);
    m_downstream.sendTunnelHead(head, upgrade, responseEdits(&head),
        m_filters == nullptr ? nullptr : &m_filters->responseEdits);
}

void Exchange::endTunnelHalf()
{
    m_responseDone = true;
    const bool over = m_requestDone;
    if (over)
        return finishTunnel();
    m_downstream.endResponse({});
}

void Exchange::finishTunnel()
{
    m_stepTimer.cancel();
    endAttempt(outcomeNow(CallOutcome::End::Response, m_status));
    if (m_upstream != nullptr)
        m_endpoint->counters.bytesIn += m_upstream->bytesReadThisRequest();
    dropUpstream();
    m_log.note("via_upstream");
    account(CallResult::Ok);
    const auto cluster = m_cluster;
    clear();
    m_downstream.endResponse({});
    cluster->wakeWaiter();
}

void Exchange::cutTunnel()
{
    m_stepTimer.cancel();
    endAttempt(outcomeNow(CallOutcome::End::Response, m_status));
    dropUpstream();
    m_log.note("upgrade_closed");
    account(CallResult::Ok);
    clear();
    m_downstream.cut();
}

} // namespace meshyard::proxy
