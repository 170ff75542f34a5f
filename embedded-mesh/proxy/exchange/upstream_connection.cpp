// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/upstream_connection.h"

namespace meshyard::proxy {

namespace {

constexpr std::uint32_t kMaxInterims = 32;

} // namespace

UpstreamConnection::UpstreamConnection(
    WorkerContext& context, std::shared_ptr<Cluster> cluster, std::shared_ptr<Endpoint> endpoint)
    : m_context(context)
    , m_cluster(std::move(cluster))
    , m_endpoint(std::move(endpoint))
    , m_io(context.loop, *this)
    , m_openedAt(context.loop.now())
{
    m_cluster->countConnection(*m_endpoint);
}

UpstreamConnection::~UpstreamConnection()
{
    m_cluster->uncountConnection(*m_endpoint);
    m_cluster->wakeWaiter();
}

Result<void> UpstreamConnection::connect()
{
    const EndpointSpec& to = m_endpoint->spec();
    auto begun = m_cluster->spec().transport.connect(m_io, to.address, to.transportLabels);
    if (begun)
        m_cluster->keepAlive(m_io.fd());
    return begun;
}

void UpstreamConnection::attach(UpstreamUser& user, http::Method method)
{
    m_user = &user;
    m_method = method;
    m_inBody = m_wantsTunnel = m_tunnel = false;
    m_gotBytes = false;
    m_bytesRead = 0;
    m_partial.clear();
    ++m_requests;
}

void UpstreamConnection::send(const RequestStart& start)
{
    m_wantsTunnel = start.tunnel;
    m_chunks = start.chunked && !start.rawBody;
    if (!m_chunks)
        return m_io.write({start.head, start.body});
    if (start.body.empty()) {
        m_io.write(start.head);
    } else {
        const http::ChunkHeader chunk(start.body.size());
        m_io.write({start.head, chunk.text(), start.body, "\r\n"});
    }
    if (start.complete)
        sendEnd(start.trailers);
}

void UpstreamConnection::sendBody(std::string_view bytes)
{
    if (!m_chunks)
        return m_io.write(bytes);
    if (bytes.empty())
        return;
    const http::ChunkHeader chunk(bytes.size());
    m_io.write({chunk.text(), bytes, "\r\n"});
}

void UpstreamConnection::sendEnd(std::string_view trailers)
{
    if (m_tunnel)
        return m_io.finishWriting();
    if (m_chunks)
        m_io.write({"0\r\n", trailers, "\r\n"});
    m_chunks = false;
}

void UpstreamConnection::recycle(std::unique_ptr<UpstreamStream> self)
{
    const std::uint32_t limit = m_cluster->spec().maxRequestsPerConnection;
    const bool worn = limit > 0 && m_requests >= limit;
    detach();
    if (!m_reusable || worn || m_io.unsentBytes() > 0
        || !m_cluster->keepsConnection(*m_endpoint, m_openedAt, m_context.loop.now())) {
        m_io.close();
        return m_context.dispose(std::move(self));
    }
    m_io.resumeReading();
    m_idleSince = m_context.loop.now();
    self.release(); // NOLINT(bugprone-unused-return-value): it is this, by its own type
    m_endpoint->putIdle(std::unique_ptr<UpstreamConnection>(this));
}

void UpstreamConnection::onConnected()
{
    if (m_io.negotiatedProtocol() == "h2") { // only where either may be chosen
        m_endpoint->speaksHttp1 = false;
        return lose(UpstreamUser::Loss::OtherProtocol);
    }
    m_connected = true;
    if (m_user != nullptr)
        m_user->onUpstreamConnected();
}

void UpstreamConnection::onData(std::string_view bytes)
{
    if (m_user == nullptr)
        return leavePool(); // nobody asked for anything
    m_gotBytes = true;
    m_bytesRead += bytes.size();
    if (m_partial.empty())
        return consume(bytes);
    std::string joined = std::move(m_partial);
    m_partial.clear();
    joined.append(bytes);
    consume(joined);
}

void UpstreamConnection::consume(std::string_view bytes)
{
    UpstreamUser* const user = m_user;
    while (!bytes.empty() && m_user == user && !m_io.isClosed()) {
        const std::size_t taken = m_inBody ? takeBody(bytes) : takeHead(bytes);
        if (taken == 0)
            break;
        bytes.remove_prefix(std::min(taken, bytes.size()));
    }
    if (m_user == user && user != nullptr)
        user->onResponseFlush();
}

std::size_t UpstreamConnection::takeHead(std::string_view bytes)
{
    http::ResponseHead& head = m_context.responseHead;
    const http::ParseResult parsed = m_context.parser.parseResponse(bytes, m_method, head);
    if (parsed.isInvalid()) {
        lose(UpstreamUser::Loss::Malformed);
        return 0;
    }
    if (!parsed.isComplete()) {
        m_partial.assign(bytes);
        return 0;
    }
    const std::size_t size = head.size();
    if (head.isInterim()) {
        if (++m_interims > kMaxInterims) {
            lose(UpstreamUser::Loss::Malformed);
            return 0;
        }
        if (head.status() != 100) // that is ours to give: it was sent by us
            m_user->onInterimHead(head);
        return size;
    }
    m_interims = 0;
    const bool switches = head.status() == 101;
    if (switches && (!m_wantsTunnel || m_method == http::Method::Connect)) { // not asked for
        lose(UpstreamUser::Loss::Malformed);
        return 0;
    }
    m_tunnel = m_wantsTunnel
        && (switches || (m_method == http::Method::Connect && head.status() / 100 == 2));
    m_body.start(m_tunnel ? http::BodyFraming{http::BodyKind::UntilClose, 0} : head.framing());
    m_inBody = true;
    m_untilClose = m_tunnel || head.framing().kind == http::BodyKind::UntilClose;
    m_keepAlive = head.keepAlive() && !m_untilClose;
    UpstreamUser* const user = m_user;
    user->onResponseHead(head);
    if (m_user == user && m_body.isDone())
        finishResponse(bytes.size() - size);
    return size;
}

std::size_t UpstreamConnection::takeBody(std::string_view bytes)
{
    UpstreamUser* const user = m_user;
    const bool raw = user->wantsRawBody();
    std::size_t consumed = 0;
    while (consumed < bytes.size() && m_body.state() == http::BodyDecoder::State::Reading) {
        const auto step = m_body.next(bytes.substr(consumed));
        if (step.consumed == 0)
            break;
        consumed += step.consumed;
        if (!raw && !step.data.empty())
            user->onResponseBody(step.data);
        if (m_user != user)
            return consumed;
    }
    if (raw && consumed > 0 && m_body.state() != http::BodyDecoder::State::Invalid)
        user->onResponseBody(bytes.substr(0, consumed));
    if (m_user != user)
        return consumed;
    if (m_body.state() == http::BodyDecoder::State::Invalid)
        lose(UpstreamUser::Loss::Malformed);
    else if (m_body.isDone())
        finishResponse(bytes.size() - consumed);
    return consumed;
}

void UpstreamConnection::finishResponse(std::size_t leftover)
{
    m_inBody = false;
    m_reusable = m_keepAlive && leftover == 0 && !m_io.hasHangup();
    UpstreamUser* const user = std::exchange(m_user, nullptr);
    user->onResponseEnd(m_body.trailers());
}

void UpstreamConnection::lose(UpstreamUser::Loss loss)
{
    if (UpstreamUser* const user = std::exchange(m_user, nullptr)) {
        m_io.close();
        user->onUpstreamLost(loss);
    }
}

void UpstreamConnection::leavePool()
{
    m_io.close();
    if (auto self = m_endpoint->removeIdle(this))
        m_context.dispose(std::move(self));
}

void UpstreamConnection::onPeerFinished()
{
    if (m_user == nullptr)
        return leavePool();
    if (m_tunnel && m_body.finish())
        return m_user->onResponseEnd({}); // we may still write
    if (m_inBody && m_untilClose && m_body.finish()) {
        UpstreamUser* const user = std::exchange(m_user, nullptr);
        m_inBody = false;
        m_reusable = false;
        user->onResponseEnd({});
        return;
    }
    lose(UpstreamUser::Loss::Reset);
}

void UpstreamConnection::onWritable()
{
    if (m_user != nullptr)
        m_user->onUpstreamWritable();
}

void UpstreamConnection::onClosed(const std::optional<Error>& /*error*/)
{
    if (m_user == nullptr)
        return leavePool();
    lose(m_connected ? UpstreamUser::Loss::Reset : UpstreamUser::Loss::Connect);
}

} // namespace meshyard::proxy
