// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/inspection.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

namespace meshyard::proxy {

namespace {

constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n";
constexpr std::size_t kMaxMethod = 24;

/// nullopt = more bytes are needed; "" = no HTTP.
std::optional<std::string_view> detectHttp(std::string_view bytes)
{
    if (kHttp2Preface.starts_with(bytes.substr(0, kHttp2Preface.size()))) {
        if (bytes.size() < kHttp2Preface.size())
            return std::nullopt;
        return "h2c";
    }
    const std::size_t end = bytes.find(' ');
    const std::string_view method = bytes.substr(0, std::min(end, bytes.size()));
    const bool upper = std::ranges::all_of(
        method, [](char c) { return (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; });
    if (!upper || method.size() > kMaxMethod)
        return "";
    if (end == std::string_view::npos)
        return std::nullopt;
    return method.empty() ? "" : "http/1.1";
}

} // namespace

Inspection::Inspection(WorkerContext& context, Owner& owner, const ListenerSpec& spec, net::Fd fd)
    : m_loop(context.loop)
    , m_owner(owner)
    , m_fd(std::move(fd))
    , m_timer(context.loop.timers(), [this] { onTimeout(); })
    , m_timeout(spec.inspectionTimeout)
    , m_looksForHttp(spec.inspectsHttp)
    , m_servesAnyway(spec.servesUninspected)
{
}

Inspection::~Inspection()
{
    if (m_fd.isOpen())
        m_loop.forget(m_fd.get(), *this);
}

Result<void> Inspection::start()
{
    if (m_timeout.count() > 0)
        m_timer.armAfter(m_timeout);
    return m_loop.watch(m_fd.get(), *this);
}

void Inspection::onIo(std::uint32_t events)
{
    if (m_done)
        return;
    const std::span<char> buffer = m_loop.readBuffer();
    const ssize_t got = ::recv(m_fd.get(), buffer.data(), net::kMaxClientHello, MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0)
        return finish(Verdict::Refuse);
    const Verdict verdict = look({buffer.data(), static_cast<std::size_t>(got)});
    const bool ended = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    if (verdict != Verdict::Wait || !ended)
        return finish(verdict);
    // His last word: half a ClientHello is nothing, anything else is for the filter chain to judge.
    constexpr char kHandshakeRecord = 22;
    finish(buffer.front() == kHandshakeRecord ? Verdict::Refuse : Verdict::Serve);
}

Inspection::Verdict Inspection::look(std::string_view bytes)
{
    using State = net::ClientHelloResult::State;
    net::ClientHelloResult result = net::parseClientHello(bytes);
    if (result.state == State::Complete) {
        m_first.isTls = true;
        m_first.hello = std::move(result.hello);
        return Verdict::Serve;
    }
    if (result.state != State::NotTls)
        return result.state == State::NeedMore ? Verdict::Wait : Verdict::Refuse;
    if (!m_looksForHttp)
        return Verdict::Serve;
    const auto protocol = detectHttp(bytes);
    if (!protocol)
        return Verdict::Wait;
    if (!protocol->empty())
        m_first.hello.alpn = {std::string(*protocol)};
    return Verdict::Serve;
}

void Inspection::onTimeout()
{
    finish(m_servesAnyway ? Verdict::Serve : Verdict::Refuse);
}

void Inspection::finish(Verdict verdict)
{
    if (verdict == Verdict::Wait || std::exchange(m_done, true))
        return;
    m_timer.cancel();
    m_loop.forget(m_fd.get(), *this);
    net::Fd fd = std::move(m_fd);
    if (verdict == Verdict::Serve)
        m_owner.onInspected(*this, std::move(fd), m_first);
    else
        m_owner.onInspectionFailed(*this);
}

} // namespace meshyard::proxy
