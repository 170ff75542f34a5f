// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/h2_probe.h"

#include "embedded-mesh/proxy/exchange/grpc.h"

namespace meshyard::proxy {

namespace {

constexpr std::size_t kMaxAnswer = 64 * 1024;
constexpr std::size_t kMessagePrefix = 5; // flag and length of a gRPC message

/// HealthCheckRequest{service} as one gRPC message.
std::string checkRequest(const std::string& service)
{
    std::string message;
    if (!service.empty()) {
        message.push_back('\x0a'); // field 1, length-delimited
        for (std::size_t size = service.size();; size >>= 7) {
            message.push_back(static_cast<char>((size & 0x7f) | (size > 0x7f ? 0x80 : 0)));
            if (size <= 0x7f)
                break;
        }
        message += service;
    }
    std::string framed(kMessagePrefix, '\0');
    for (std::size_t i = 0; i < 4; ++i)
        framed[1 + i] = static_cast<char>(message.size() >> (8 * (3 - i)) & 0xff);
    return framed + message;
}

/// Whether a gRPC message is a HealthCheckResponse that says SERVING.
bool saysServing(std::string_view body)
{
    constexpr std::string_view kServing("\x08\x01", 2); // field 1: 1
    return body.size() >= kMessagePrefix && body.front() == '\0'
        && body.substr(kMessagePrefix).starts_with(kServing);
}

} // namespace

void H2Probe::Call::onResponse(const http::ResponseHead& head)
{
    status = head.status();
    degraded = head.find("x-envoy-degraded").has_value();
    if (const auto code = head.find(http::KnownHeader::GrpcStatus)) // trailers only
        grpcStatus = parseGrpcStatus(*code);
}

void H2Probe::Call::onBody(std::string_view bytes)
{
    if (body.size() < kMaxAnswer)
        body.append(bytes);
}

void H2Probe::Call::onEnd(std::string_view trailers)
{
    if (grpcStatus < 0)
        grpcStatus = grpcStatusOf(trailers);
    m_probe.finish(m_probe.judge());
}

void H2Probe::Call::onStreamEnd(const http::H2StreamEnd& /*end*/)
{
    if (m_probe.m_waiting)
        m_probe.finish(ProbeResult::Lost);
}

H2Probe::H2Probe(http::H2Thread& thread, const HealthCheckSpec& spec, Target target, Done done)
    : m_thread(thread)
    , m_spec(spec)
    , m_target(std::move(target))
    , m_done(std::move(done))
    , m_io(thread.loop(), *this)
    , m_timer(thread.loop().timers(), [this] { finish(ProbeResult::Lost); })
    , m_call(*this)
{
}

H2Probe::~H2Probe()
{
    m_waiting = false;
    if (m_call.isBound())
        m_call.letGo(http::H2Code::Cancel);
}

void H2Probe::start()
{
    m_waiting = true;
    m_timer.armAfter(m_spec.timeout);
    if (m_io.isOpen() && !m_io.hasHangup() && m_session != nullptr && !m_session->isGoingAway())
        return ask();
    m_io.close();
    m_session.reset();
    const auto begun = m_target.connect ? m_target.connect(m_io) : m_io.connect(m_target.address);
    if (!begun)
        m_timer.armAfter(std::chrono::milliseconds(1)); // not from inside this call
}

void H2Probe::onConnected()
{
    http::H2Options options;
    options.secure = m_io.isTls();
    http::H2SessionOwner& owner = *this;
    m_session = std::make_unique<http::H2Session>(
        m_thread, owner, http::H2Session::Role::Client, options);
    ask();
}

std::string H2Probe::headText() const
{
    std::string text = isGrpc() ? std::string("POST /grpc.health.v1.Health/Check")
                                : m_spec.method + ' ' + m_spec.path;
    text += " HTTP/1.1\r\nhost: " + m_target.host + "\r\nuser-agent: Meshyard/HC\r\n";
    if (isGrpc())
        text += "content-type: application/grpc\r\nte: trailers\r\n";
    for (const auto& [name, value] : m_spec.headersToAdd)
        text += name + ": " + value + "\r\n";
    return text + "\r\n";
}

void H2Probe::ask()
{
    m_call.status = 0;
    m_call.grpcStatus = -1;
    m_call.degraded = false;
    m_call.body.clear();
    m_session->open(m_call, http::knownMethod(isGrpc() ? "POST" : m_spec.method));
    m_call.sendHead(headText(), !isGrpc());
    if (!isGrpc())
        return;
    m_call.sendBody(checkRequest(m_spec.service));
    m_call.sendEnd({});
}

ProbeResult H2Probe::judge() const
{
    if (isGrpc())
        return judgeGrpc();
    return judgeStatus(m_spec, m_call.status, m_call.degraded);
}

ProbeResult H2Probe::judgeGrpc() const
{
    const bool serving = m_call.status == 200 && m_call.grpcStatus == 0 && saysServing(m_call.body);
    if (!serving)
        return ProbeResult::Refused;
    return m_call.degraded ? ProbeResult::Degraded : ProbeResult::Passed;
}

void H2Probe::lose()
{
    if (m_session != nullptr)
        m_session->abandon();
    m_io.close();
    if (m_waiting)
        finish(ProbeResult::Lost);
}

void H2Probe::finish(ProbeResult result)
{
    m_waiting = false;
    m_timer.cancel();
    if (m_call.isBound())
        m_call.finish();
    if (result == ProbeResult::Lost || !m_spec.reusesConnection)
        m_io.close();
    m_done(result);
}

} // namespace meshyard::proxy
