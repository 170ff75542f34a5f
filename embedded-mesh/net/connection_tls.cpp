// SPDX-License-Identifier: GPL-3.0-or-later
// The part of Connection that runs only with TLS.
#include "embedded-mesh/net/connection_tls.h"

#include "embedded-mesh/net/sockets.h"

#include <cerrno>

namespace meshyard::net {

namespace {

/// Ciphertext of this thread on its way into a stream; only threads with TLS have it.
std::span<char> cipherBuffer()
{
    thread_local const std::unique_ptr<char[]> buffer(new char[EventLoop::kReadBufferSize]);
    return {buffer.get(), EventLoop::kReadBufferSize};
}

} // namespace

void Connection::beginTls(
    const TlsContext& tls, std::string_view serverName, std::string_view peerKey)
{
    m_tls = std::make_unique<Tls>();
    m_tls->stream = tls.makeStream(serverName, peerKey);
}

Result<void> Connection::adopt(Fd fd, const TlsContext& tls, Duration handshakeTimeout)
{
    if (auto adopted = adopt(std::move(fd)); !adopted)
        return adopted;
    beginTls(tls, {}, {});
    m_state = State::Handshaking;
    m_tls->handshakeTimer = std::make_unique<Timer>(m_loop.timers(),
        [this] { fail(Error{ErrorCode::DeadlineExceeded, "TLS handshake takes too long"}); });
    if (handshakeTimeout.count() > 0)
        m_tls->handshakeTimer->armAfter(handshakeTimeout);
    return {};
}

Result<void> Connection::connect(
    const SocketAddress& address, const TlsContext& tls, std::string_view serverName)
{
    if (auto begun = connect(address); !begun)
        return begun;
    std::string peerKey = address.toString();
    peerKey.append("/").append(serverName);
    beginTls(tls, serverName, peerKey);
    return {};
}

std::string_view Connection::negotiatedProtocol() const
{
    return m_tls == nullptr ? std::string_view() : m_tls->stream->protocol();
}

const PeerIdentity* Connection::peerIdentity() const
{
    return m_tls == nullptr ? nullptr : m_tls->stream->peer();
}

std::string_view Connection::serverName() const
{
    return m_tls == nullptr ? std::string_view() : m_tls->stream->serverName();
}

bool Connection::isTlsResumed() const
{
    return m_tls != nullptr && m_tls->stream->isResumed();
}

std::size_t Connection::heldBytes() const
{
    return m_tls == nullptr || m_tls->held == nullptr ? 0 : m_tls->held->size();
}

Connection::Life Connection::takeCiphertext(bool& drained)
{
    const std::span<char> buffer = cipherBuffer();
    const ssize_t got = ::read(m_fd.get(), buffer.data(), buffer.size());
    if (got > 0) {
        const auto size = static_cast<std::size_t>(got);
        drained = size < buffer.size() && !m_hangup;
        m_tls->stream->setInput({buffer.data(), size});
        return Life::Alive;
    }
    if (got < 0 && errno == EINTR)
        return Life::Alive;
    drained = true;
    if (got < 0)
        return errno == EAGAIN ? Life::Alive : fail(socketError("connection lost", errno));
    if (m_state == State::Handshaking)
        return fail(Error{ErrorCode::Unavailable, "the peer left during the TLS handshake"});
    return fail(Error{ErrorCode::DataLoss, "the peer ended without saying so in TLS (truncation)"});
}

Connection::Life Connection::readTls(bool& drained)
{
    TlsStream& stream = *m_tls->stream;
    if (!stream.hasInput()) {
        if (takeCiphertext(drained) == Life::Gone)
            return Life::Gone;
        if (!stream.hasInput())
            return Life::Alive;
    }
    Life life = Life::Alive;
    if (m_state == State::Handshaking) {
        life = handshake();
    } else {
        const std::span<char> buffer = m_loop.readBuffer();
        TlsStream::Progress progress = TlsStream::Progress::Wants;
        const std::size_t size = stream.decrypt(buffer, progress);
        stream.keepInput();
        sendTlsOutput(); // a key update's answer, an alert
        m_bytesRead += size;
        if (size > 0) {
            life = tell([this, &buffer, size] { m_handler.onData({buffer.data(), size}); });
        } else if (progress == TlsStream::Progress::Failed) {
            return fail(Error(stream.error()));
        } else if (progress == TlsStream::Progress::Done) {
            m_peerFinished = m_hangup = true;
            drained = false; // the end is to be looked at
            return tell([this] { m_handler.onPeerFinished(); });
        }
    }
    if (life == Life::Alive && m_tls->stream->hasInput())
        drained = false;
    return life;
}

Connection::Life Connection::handshake()
{
    TlsStream& stream = *m_tls->stream;
    const TlsStream::Progress progress = stream.handshake();
    stream.keepInput();
    sendTlsOutput();
    if (progress == TlsStream::Progress::Failed) {
        // Unread bytes would turn our close() into RST, and the peer would never see the alert.
        ::shutdown(m_fd.get(), SHUT_WR);
        const std::span<char> rest = cipherBuffer();
        [[maybe_unused]] const ssize_t ignored = ::read(m_fd.get(), rest.data(), rest.size());
        return fail(Error(stream.error()));
    }
    if (progress == TlsStream::Progress::Wants)
        return Life::Alive;
    m_tls->handshakeTimer.reset();
    m_state = State::Open;
    if (const auto held = std::move(m_tls->held)) {
        stream.encrypt({*held});
        sendTlsOutput();
    }
    if (m_finishing) {
        endTls();
        m_loop.wake(*this, EPOLLOUT);
    }
    return tell([this] { m_handler.onConnected(); });
}

void Connection::writeTls(std::initializer_list<std::string_view> parts)
{
    std::size_t size = 0;
    for (const std::string_view part : parts)
        size += part.size();
    m_bytesWritten += size;
    if (m_state != State::Open) {
        if (m_tls->held == nullptr)
            m_tls->held = std::make_unique<std::string>();
        for (const std::string_view part : parts)
            m_tls->held->append(part);
    } else if (m_tls->stream->encrypt(parts)) {
        sendTlsOutput();
    } else {
        m_tls->stream->output().clear();
        failLater(EPROTO);
    }
    if (unsentBytes() > OutputBuffer::kHighMark)
        m_backedUp = true;
}

void Connection::sendTlsOutput()
{
    std::string& output = m_tls->stream->output();
    if (output.empty())
        return;
    if (!m_output.isEmpty() || m_pendingError != 0)
        m_output.append(output);
    else
        sendOrQueue({output});
    output.clear();
}

/// Puts close_notify behind everything that is queued; flush() sends FIN after it.
void Connection::endTls()
{
    m_tls->stream->sayClose();
    std::string& output = m_tls->stream->output();
    m_output.append(output);
    output.clear();
}

/// close() by the owner: the peer should not have to wonder whether something is missing.
void Connection::leaveTls()
{
    const bool clean
        = m_state == State::Open && !m_finishing && m_output.isEmpty() && m_pendingError == 0;
    if (clean) {
        m_tls->stream->sayClose();
        std::string& output = m_tls->stream->output();
        // Whatever the kernel does not take now is lost with the rest.
        [[maybe_unused]] const ssize_t sent
            = ::send(m_fd.get(), output.data(), output.size(), MSG_NOSIGNAL);
        output.clear();
    }
    m_tls.reset();
}

} // namespace meshyard::net
