// SPDX-License-Identifier: GPL-3.0-or-later
#include "h2_peers.h"

#include "proxy_process.h"

#include <charconv>

using namespace meshyard;

namespace {

std::string fieldLines(const http::MessageHead& head)
{
    std::string lines;
    for (const http::Field& field : head.fields())
        lines.append(head.name(field)).append(": ").append(head.value(field)).append("\n");
    return lines;
}

std::size_t numberAfter(std::string_view text, std::string_view prefix)
{
    std::size_t value = 0;
    const std::string_view digits = text.substr(prefix.size());
    std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

} // namespace

H2Client::H2Client(std::uint16_t port, const http::H2Options& options, const net::TlsContext* tls)
    : m_session(m_thread, *this, http::H2Session::Role::Client, options)
{
    const net::SocketAddress address = net::SocketAddress::loopback(port);
    if (!(tls == nullptr ? m_io.connect(address) : m_io.connect(address, *tls)))
        m_closed = true;
}

H2Client::~H2Client()
{
    m_session.abandon();
}

bool H2Client::runUntil(const std::function<bool()>& condition)
{
    const auto deadline = m_clock.now() + std::chrono::seconds(5);
    while (!condition()) {
        if (m_clock.now() > deadline)
            return false;
        m_loop.runOnce(std::chrono::milliseconds(20));
    }
    return true;
}

H2Client::Call& H2Client::begin(std::string_view head, bool end, std::string_view upgrade)
{
    m_calls.push_back(std::make_unique<Call>());
    Call& call = *m_calls.back();
    const auto method = http::knownMethod(head.substr(0, head.find(' ')));
    m_session.open(call, method);
    call.sendHead(head, end, upgrade);
    return call;
}

H2Reply H2Client::request(std::string_view head, std::string_view body, std::string_view trailers)
{
    const bool bare = body.empty() && trailers.empty();
    Call& call = begin(head, bare);
    call.sendBody(body);
    if (!bare)
        call.sendEnd(trailers);
    runUntil([&] { return call.reply.isOver() || m_closed; });
    return call.reply;
}

H2Reply H2Client::get(std::string_view target, std::string_view headers)
{
    return request("GET " + std::string(target) + " HTTP/1.1\r\nhost: test\r\n"
        + std::string(headers) + "\r\n");
}

void H2Client::Call::onResponse(const http::ResponseHead& head)
{
    reply.status = head.status();
    reply.head = fieldLines(head);
    reply.headEnded = hasPeerEnded();
}

void H2Client::Call::onBody(std::string_view bytes)
{
    reply.body.append(bytes);
    if (holds)
        pauseReading();
}

void H2Client::Call::onEnd(std::string_view trailers)
{
    reply.ended = true;
    reply.trailers = trailers;
}

void H2Client::Call::onStreamEnd(const http::H2StreamEnd& end)
{
    if (!reply.ended) {
        reply.reset = true;
        reply.code = end.code;
    }
}

class H2Upstream::Stream final : public http::H2Stream
{
public:
    explicit Stream(H2Upstream& upstream, Session& session)
        : m_upstream(upstream)
        , m_session(session)
    {
    }

private:
    void onRequest(const http::RequestHead& head, http::HeadError error) override;
    friend class H2Upstream;
    void onBody(std::string_view bytes) override
    {
        m_upstream.m_received += bytes.size();
        if (m_path == "/echo" || m_tunnel)
            sendBody(bytes);
        if (isBackedUp() || m_path == "/stall")
            pauseReading();
    }
    void onEnd(std::string_view trailers) override
    {
        if (m_path == "/echo" || m_tunnel)
            sendEnd(trailers);
    }
    void onWritable() override { resumeReading(); }
    void release()
    {
        m_path = "/hold";
        resumeReading();
    }
    void onStreamEnd(const http::H2StreamEnd& end) override
    {
        if (end.code != http::H2Code::NoError)
            ++m_upstream.m_resets;
    }
    void answer(std::string_view extra, std::string_view body, std::string_view trailers);

    H2Upstream& m_upstream;
    Session& m_session;
    std::string m_path;
    bool m_tunnel = false;
};

class H2Upstream::Session final : public net::ConnectionHandler, private http::H2SessionOwner
{
public:
    explicit Session(H2Upstream& upstream)
        : io(upstream.m_thread.loop, *this)
        , session(upstream.m_http2, *this, http::H2Session::Role::Server, upstream.m_options)
        , m_upstream(upstream)
    {
    }
    ~Session() override { session.abandon(); }

    void onData(std::string_view bytes) override { session.receive(bytes); }
    void onPeerFinished() override { session.abandon(); }
    void onWritable() override { session.onWriteRoom(); }
    void onClosed(const std::optional<Error>&) override { session.abandon(); }
    void writeBytes(std::string_view bytes) override { io.write(bytes); }
    bool isWriteBackedUp() const override { return io.isBackedUp(); }
    http::H2Stream* openStream() override
    {
        streams.push_back(std::make_unique<Stream>(m_upstream, *this));
        return streams.back().get();
    }
    void onSessionOver() override { io.finishWriting(); }

    net::Connection io;
    http::H2Session session;
    std::vector<std::unique_ptr<Stream>> streams;

private:
    H2Upstream& m_upstream;
};

void H2Upstream::Stream::answer(
    std::string_view extra, std::string_view body, std::string_view trailers)
{
    const bool bare = body.empty() && trailers.empty();
    sendHead("HTTP/1.1 200 OK\r\nx-upstream: h2\r\n" + std::string(extra) + "\r\n", bare);
    sendBody(body);
    if (!bare)
        sendEnd(trailers);
}

void H2Upstream::Stream::onRequest(const http::RequestHead& head, http::HeadError /*error*/)
{
    const int call = ++m_upstream.m_calls;
    m_path = head.path();
    m_tunnel = head.method() == http::Method::Connect || head.wantsUpgrade();
    const std::string grpc = "content-type: application/grpc\r\n";
    if (m_path == "/hold" || m_path == "/stall")
        return;
    if (m_path == "/release")
        m_upstream.release();
    if (m_path == "/echo" || m_tunnel)
        return sendHead("HTTP/1.1 200 OK\r\nx-upstream: h2\r\n\r\n", false);
    if (m_path == "/reset")
        return reset(http::H2Code::InternalError);
    if (m_path == "/refuse" && call == 1)
        return reset(http::H2Code::RefusedStream);
    if (m_path == "/away")
        m_session.session.shutdown();
    if (m_path == "/trailers")
        return answer("trailer: x-sum\r\n", "body", "x-sum: 42\r\n");
    if (m_path.starts_with("/grpc/"))
        return answer(grpc, "msg", "grpc-status: " + m_path.substr(6) + "\r\ngrpc-message: m\r\n");
    if (m_path.starts_with("/only/"))
        return answer(grpc + "grpc-status: " + m_path.substr(6) + "\r\n", {}, {});
    if (m_path.starts_with("/big/"))
        return answer({}, std::string(numberAfter(m_path, "/big/"), 'b'), {});
    answer({},
        std::string(head.methodText()) + ' ' + m_path + '\n'
            + "authority: " + std::string(head.authority()) + '\n' + fieldLines(head),
        {});
}

H2Upstream::H2Upstream(const http::H2Options& options, std::shared_ptr<const net::TlsContext> tls)
    : m_options(options)
    , m_tls(std::move(tls))
{
    m_thread.call([this] {
        m_listener = *net::Listener::listen(m_thread.loop, *this, net::SocketAddress::loopback(0));
        m_port = m_listener->address().port();
    });
}

H2Upstream::~H2Upstream()
{
    m_thread.call([this] {
        m_sessions.clear();
        m_listener.reset();
    });
}

void H2Upstream::release()
{
    for (const auto& session : m_sessions) {
        for (const auto& stream : session->streams)
            stream->release();
    }
}

void H2Upstream::onAccepted(net::Fd fd)
{
    ++m_connections;
    m_sessions.push_back(std::make_unique<Session>(*this));
    net::Connection& io = m_sessions.back()->io;
    if (!(m_tls == nullptr ? io.adopt(std::move(fd)) : io.adopt(std::move(fd), *m_tls)))
        m_sessions.pop_back();
}

std::string http2ClusterText(
    std::string_view name, const std::vector<std::uint16_t>& ports, std::string_view extra)
{
    return clusterText(name, ports,
        "typed_extension_protocol_options: "
        "{envoy.extensions.upstreams.http.v3.HttpProtocolOptions: "
        "{\"@type\": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions, "
        "explicit_http_config: {http2_protocol_options: {}}}}, "
            + std::string(extra));
}
