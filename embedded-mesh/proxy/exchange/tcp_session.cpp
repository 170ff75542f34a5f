// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/tcp_session.h"

#include "embedded-mesh/net/sockets.h"
#include "embedded-mesh/proxy/exchange/socket_info.h"
#include "embedded-mesh/proxy/filter/rbac_filter.h"
#include "embedded-mesh/proxy/telemetry/log_sink.h"

namespace meshyard::proxy {

namespace {

std::optional<ResponseFlag> flagOf(CallResult result)
{
    switch (result) {
    case CallResult::NoEndpoint:
        return ResponseFlag::NoHealthyUpstream;
    case CallResult::Rejected:
    case CallResult::Limited:
        return ResponseFlag::UpstreamOverflow;
    case CallResult::ConnectError:
        return ResponseFlag::UpstreamConnectionFailure;
    case CallResult::Cancelled:
        return ResponseFlag::DownstreamConnectionTermination;
    default:
        return std::nullopt;
    }
}

} // namespace

TcpSession::TcpSession(WorkerContext& context, ConnectionOwner& owner, net::Fd fd)
    : m_context(context)
    , m_owner(owner)
    , m_fd(std::move(fd))
    , m_down(*this, context.loop)
    , m_up(*this, context.loop)
    , m_timer(context.loop.timers(), [this] { onTimer(); })
{
    ++m_context.downstreamConnections;
}

TcpSession::~TcpSession()
{
    --m_context.downstreamConnections;
}

void TcpSession::start()
{
    m_started = m_context.now();
    if (m_owner.spec().role == ListenerSpec::Role::Inbound) {
        m_inbound = &m_context.inbound.row(m_owner.spec().servicePort, "");
        m_inbound->begin();
    }
    if (!adopt())
        return finish(CallResult::Cancelled);
    m_down.io.pauseReading(); // what comes before the upstream is there waits in the kernel
    if (!m_down.io.isTls())
        begin();
}

Result<void> TcpSession::adopt()
{
    const FilterChainSpec& spec = m_owner.spec();
    if (spec.tls == nullptr)
        return m_down.io.adopt(std::move(m_fd));
    return m_down.io.adopt(std::move(m_fd), *spec.tls, spec.handshakeTimeout);
}

void TcpSession::begin()
{
    const NetworkRbac* const rbac = m_owner.spec().networkRbac.get();
    if (rbac != nullptr && !rbac->allows(SocketInfo(m_down.io)))
        return finish(CallResult::ClientError);
    if (!chooseCluster())
        return finish(CallResult::NoEndpoint);
    if (!admit())
        return finish(m_limited ? CallResult::Limited : CallResult::Rejected);
    connect();
}

bool TcpSession::chooseCluster()
{
    std::uint64_t at = m_context.nextRandom() % m_owner.spec().tcpWeight;
    for (const FilterChainSpec::TcpTarget& target : m_owner.spec().tcpTargets) {
        if (at < target.weight) {
            const auto* const found = m_context.findCluster(target.cluster);
            if (found != nullptr)
                m_cluster = *found;
            return found != nullptr;
        }
        at -= target.weight;
    }
    return false;
}

bool TcpSession::admit()
{
    m_cluster->unplaced.protocol = Protocol::Tcp;
    const auto decision = m_cluster->breaker().admit(
        {m_context.nextRandom(), {}}, Cluster::breakerTime(m_context.now()));
    if (decision.admission != Admission::Admitted)
        return false;
    m_permit = decision.permit;
    m_permitHeld = true;
    m_limited = !m_cluster->mayConnect() || (!m_countsRequest && !m_cluster->beginRequest());
    if (m_limited) {
        m_cluster->noteLimited();
        return false;
    }
    m_countsRequest = true;
    return true;
}

bool TcpSession::chooseEndpoint()
{
    if (!m_cluster->spec().usesOriginalDestination) {
        PickContext choice;
        choice.now = m_started;
        choice.avoid = m_tried;
        m_endpoint = m_cluster->pick(choice);
        return m_endpoint != nullptr;
    }
    const auto meant = meantDestination(m_down.io.fd());
    m_endpoint = m_cluster->originalDestination(meant.get());
    return m_endpoint != nullptr;
}

void TcpSession::connect()
{
    if (!chooseEndpoint()) {
        judge(CallOutcome::End::NoEndpoint);
        return finish(CallResult::NoEndpoint);
    }
    ++m_endpoint->active;
    m_endpoint->counters.protocol = Protocol::Tcp;
    m_endpoint->counters.begin();
    if (!m_tried.empty())
        m_endpoint->counters.retry();
    m_tried.push_back(m_endpoint.get());
    m_cluster->countConnection(*m_endpoint);
    const EndpointSpec& to = m_endpoint->spec();
    if (!m_cluster->spec().transport.connect(m_up.io, to.address, to.transportLabels))
        return onConnectFailed();
    m_timer.armAfter(m_cluster->spec().connectTimeout);
}

void TcpSession::onConnectFailed()
{
    judge(CallOutcome::End::ConnectError);
    const bool again = m_tried.size() < m_owner.spec().tcpConnectAttempts && admit();
    if (!again)
        return finish(CallResult::ConnectError);
    leaveEndpoint();
    m_endpoint.reset();
    m_up.io.close();
    connect();
}

void TcpSession::leaveEndpoint()
{
    m_endpoint->active -= m_endpoint->active > 0 ? 1U : 0U;
    m_endpoint->counters.end();
    m_cluster->uncountConnection(*m_endpoint);
}

void TcpSession::onConnected(const Side& side)
{
    if (&side == &m_down)
        return begin();
    m_connected = true;
    judge(CallOutcome::End::Response);
    ++istioSeries(CallResult::Ok).tcpOpened;
    armIdle();
    m_down.io.resumeReading();
}

void TcpSession::armIdle()
{
    if (m_owner.spec().tcpIdleTimeout.count() > 0)
        m_timer.armAfter(m_owner.spec().tcpIdleTimeout);
    else
        m_timer.cancel();
}

void TcpSession::onData(Side& from, std::string_view bytes)
{
    Side& to = other(from);
    to.io.write(bytes);
    if (to.io.isBackedUp())
        from.io.pauseReading();
    const bool up = &from == &m_down;
    (up ? m_received : m_sent) += bytes.size();
    if (m_endpoint)
        (up ? m_endpoint->counters.bytesOut : m_endpoint->counters.bytesIn) += bytes.size();
    if (m_inbound != nullptr)
        (up ? m_inbound->bytesIn : m_inbound->bytesOut) += bytes.size();
    if (m_connected)
        armIdle();
}

void TcpSession::onTimer()
{
    if (!m_connected)
        return onConnectFailed();
    finish(CallResult::Ok);
}

void TcpSession::onClosed(const Side& side, bool failed)
{
    if (&side == &m_up && !m_connected)
        return onConnectFailed();
    Side& rest = other(side);
    if (failed || rest.io.isClosed() || rest.io.isConnecting())
        return finish(m_connected ? CallResult::Ok : CallResult::Cancelled);
    rest.io.finishWriting(); // its unsent bytes still go out
}

void TcpSession::judge(CallOutcome::End end)
{
    const TimePoint now = m_context.now();
    CallOutcome outcome;
    outcome.end = end;
    outcome.latency = std::chrono::duration_cast<std::chrono::microseconds>(now - m_started);
    if (std::exchange(m_permitHeld, false))
        m_cluster->breaker().finish(m_permit, outcome, Cluster::breakerTime(now));
    if (m_endpoint)
        m_cluster->recordAttempt(*m_endpoint, end == CallOutcome::End::Response ? 200 : 0, now);
}

IstioSeries& TcpSession::istioSeries(CallResult result)
{
    SeriesView key;
    key.protocol = Protocol::Tcp;
    if (const auto flag = flagOf(result))
        key.flags = ResponseFlags(*flag).bits();
    if (m_inbound != nullptr) {
        key.inbound = true;
        key.port = m_inbound->port;
    } else if (m_cluster) {
        key.cluster = m_cluster->name();
        if (m_endpoint) {
            key.endpoint = m_endpoint->spec().instance;
            key.version = m_endpoint->spec().version;
        }
    }
    return m_context.istio.series(key);
}

void TcpSession::writeLog(CallResult result, TimePoint now)
{
    LogEntry entry;
    entry.duration = std::chrono::duration_cast<LogEntry::Micros>(now - m_started);
    entry.startedAt = m_context.loop.clock().system() - (now - m_started);
    entry.bytesReceived = m_received;
    entry.bytesSent = m_sent;
    entry.random = m_context.nextRandom();
    if (const auto flag = flagOf(result))
        entry.flags.set(*flag);
    if (m_cluster)
        entry.cluster = m_cluster->name();
    if (m_endpoint)
        entry.upstreamHost = &m_endpoint->spec().address;
    const net::SocketAddress local = net::localAddress(m_down.io.fd());
    const net::SocketAddress remote = net::peerAddress(m_down.io.fd());
    const net::SocketAddress upstreamLocal = net::localAddress(m_up.io.fd());
    entry.downstreamLocal = local.isEmpty() ? nullptr : &local;
    entry.downstreamRemote = remote.isEmpty() ? nullptr : &remote;
    entry.upstreamLocal = upstreamLocal.isEmpty() ? nullptr : &upstreamLocal;
    m_context.logs->log(*m_owner.spec().telemetry, entry);
}

void TcpSession::finish(CallResult result)
{
    if (std::exchange(m_done, true))
        return;
    m_timer.cancel();
    const TimePoint now = m_context.now();
    const auto micros = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::microseconds>(now - m_started).count());
    if (m_permitHeld)
        m_cluster->breaker().release(m_permit, Cluster::breakerTime(now));
    if (m_countsRequest)
        m_cluster->endRequest();
    if (m_endpoint)
        leaveEndpoint();
    if (m_cluster)
        (m_endpoint ? m_endpoint->counters : m_cluster->unplaced).finish(result, micros);
    if (m_inbound != nullptr) {
        m_inbound->finish(result, micros);
        m_inbound->end();
    }
    IstioSeries& istio = istioSeries(result);
    istio.tcpClosed += 1;
    istio.tcpSent += m_sent;
    istio.tcpReceived += m_received;
    istio.tcpOpened += m_connected ? 0 : 1; // else it was counted when it was
    if (m_owner.spec().telemetry && m_context.logs != nullptr)
        writeLog(result, now);
    m_up.io.close();
    result == CallResult::Ok ? m_down.io.close() : m_down.io.abort();
    if (m_cluster)
        m_cluster->wakeWaiter();
    m_owner.onConnectionDone(*this);
}

} // namespace meshyard::proxy
