// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/connection.h"

#include "embedded-mesh/net/connection_tls.h"
#include "embedded-mesh/net/sockets.h"

#include <sys/uio.h>

#include <array>
#include <cassert>
#include <cerrno>
#include <utility>

namespace meshyard::net {

namespace {

constexpr int kReadsPerTurn = 16; // 1 MiB, then others have their turn
constexpr std::size_t kMaxParts = 8;

} // namespace

Connection::Connection(EventLoop& loop, ConnectionHandler& handler)
    : m_loop(loop)
    , m_handler(handler)
{
}

Connection::~Connection()
{
    if (m_destroyed != nullptr)
        *m_destroyed = true;
    close();
}

Result<void> Connection::adopt(Fd fd)
{
    close();
    m_fd = std::move(fd);
    m_state = State::Open;
    return m_loop.watch(m_fd.get(), *this).map_error([this](Error error) {
        close();
        return error;
    });
}

Result<void> Connection::connect(const SocketAddress& address)
{
    Result<Fd> fd = startConnect(address);
    if (!fd)
        return tl::unexpected(fd.error());
    return adopt(std::move(*fd)).map([this] { m_state = State::Connecting; });
}

void Connection::close()
{
    if (m_tls != nullptr)
        leaveTls();
    if (m_fd.isOpen())
        m_loop.forget(m_fd.get(), *this);
    m_fd.reset();
    ++m_generation;
    m_output.clear();
    m_bytesRead = 0;
    m_bytesWritten = 0;
    m_pendingError = 0;
    m_state = State::Closed;
    m_paused = m_readable = m_hangup = m_peerFinished = false;
    m_finishing = m_finished = m_backedUp = false;
}

void Connection::abort()
{
    if (m_fd.isOpen())
        resetOnClose(m_fd.get());
    m_tls.reset(); // no goodbye
    close();
}

Connection::Life Connection::fail(const std::optional<Error>& error)
{
    if (error)
        m_tls.reset(); // no goodbye
    close();
    tell([this, &error] { m_handler.onClosed(error); });
    return Life::Gone; // even when the handler connects anew: this was another socket's event
}

void Connection::failLater(int errorNumber)
{
    m_pendingError = errorNumber;
    m_output.clear();
    m_loop.wake(*this, EPOLLERR);
}

void Connection::onIo(std::uint32_t events)
{
    if (m_pendingError != 0) {
        fail(socketError("connection lost", m_pendingError));
        return;
    }
    if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        m_hangup = true;
    if (m_state == State::Connecting) {
        if ((events & (EPOLLOUT | EPOLLERR | EPOLLHUP)) == 0 || finishConnecting() == Life::Gone)
            return;
    }
    if ((events & EPOLLERR) != 0 && m_paused) { // reading would tell, but nobody reads
        fail(socketError("connection lost", takeSocketError(m_fd.get())));
        return;
    }
    if ((events & EPOLLOUT) != 0 && flush() == Life::Gone)
        return;
    if ((events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0)
        readAvailable();
}

Connection::Life Connection::finishConnecting()
{
    if (const int error = takeSocketError(m_fd.get()); error != 0)
        return fail(socketError("cannot connect", error));
    if (m_tls != nullptr) {
        m_state = State::Handshaking;
        return handshake();
    }
    m_state = State::Open;
    return tell([this] { m_handler.onConnected(); });
}

Connection::Life Connection::readAvailable()
{
    for (int i = 0; i < kReadsPerTurn; ++i) {
        if (m_peerFinished)
            break;
        if (m_paused && m_state == State::Open) {
            m_readable = true;
            return Life::Alive;
        }
        bool drained = false;
        if ((m_tls == nullptr ? readOnce(drained) : readTls(drained)) == Life::Gone)
            return Life::Gone;
        if (drained)
            return Life::Alive;
    }
    if (m_peerFinished && m_finished)
        return fail(std::nullopt);
    if (!m_peerFinished)
        m_loop.wake(*this, EPOLLIN);
    return Life::Alive;
}

Connection::Life Connection::readOnce(bool& drained)
{
    const std::span<char> buffer = m_loop.readBuffer();
    const ssize_t got = ::read(m_fd.get(), buffer.data(), buffer.size());
    if (got > 0) {
        const auto size = static_cast<std::size_t>(got);
        m_bytesRead += size;
        // A short read emptied the socket; after a hang-up only the end itself is still to come.
        drained = size < buffer.size() && !m_hangup;
        return tell([this, &buffer, size] { m_handler.onData({buffer.data(), size}); });
    }
    if (got == 0) {
        m_peerFinished = true;
        m_hangup = true;
        return tell([this] { m_handler.onPeerFinished(); });
    }
    if (errno == EINTR)
        return Life::Alive;
    drained = true;
    return errno == EAGAIN ? Life::Alive : fail(socketError("connection lost", errno));
}

void Connection::resumeReading()
{
    if (!std::exchange(m_paused, false) || !std::exchange(m_readable, false))
        return;
    m_loop.wake(*this, EPOLLIN); // not now: the shared buffer may be in use further up the stack
}

void Connection::write(std::initializer_list<std::string_view> parts)
{
    if (m_state == State::Closed || m_finishing || m_pendingError != 0)
        return;
    if (m_tls != nullptr)
        return writeTls(parts);
    if (m_state == State::Connecting || !m_output.isEmpty()) {
        for (const std::string_view part : parts)
            m_output.append(part);
    } else {
        sendOrQueue(parts);
    }
    if (m_output.size() > OutputBuffer::kHighMark)
        m_backedUp = true;
}

void Connection::sendOrQueue(std::initializer_list<std::string_view> parts)
{
    assert(parts.size() <= kMaxParts);
    std::array<iovec, kMaxParts> vectors{};
    std::size_t count = 0;
    for (const std::string_view part : parts) {
        if (!part.empty())
            vectors[count++] = {const_cast<char*>(part.data()), part.size()};
    }
    if (count == 0)
        return;
    msghdr message{};
    message.msg_iov = vectors.data();
    message.msg_iovlen = count;
    const ssize_t result = ::sendmsg(m_fd.get(), &message, MSG_NOSIGNAL);
    if (result < 0 && errno != EAGAIN && errno != EINTR) {
        failLater(errno);
        return;
    }
    std::size_t sent = result > 0 ? static_cast<std::size_t>(result) : 0;
    m_bytesWritten += m_tls == nullptr ? sent : 0;
    for (const std::string_view part : parts) {
        const std::size_t gone = std::min(sent, part.size());
        sent -= gone;
        m_output.append(part.substr(gone));
    }
}

Connection::Life Connection::flush()
{
    while (!m_output.isEmpty()) {
        const std::string_view pending = m_output.pending();
        const ssize_t sent = ::send(m_fd.get(), pending.data(), pending.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            break;
        if (sent < 0)
            return fail(socketError("connection lost", errno));
        m_bytesWritten += m_tls == nullptr ? static_cast<std::uint64_t>(sent) : 0;
        m_output.consume(static_cast<std::size_t>(sent));
    }
    if (m_output.isEmpty() && m_finishing && !m_finished && m_state == State::Open) {
        m_finished = true;
        ::shutdown(m_fd.get(), SHUT_WR);
        if (m_peerFinished)
            return fail(std::nullopt);
    }
    if (m_backedUp && m_output.size() <= OutputBuffer::kLowMark) {
        m_backedUp = false;
        return tell([this] { m_handler.onWritable(); });
    }
    return Life::Alive;
}

void Connection::finishWriting()
{
    if (m_state == State::Closed || std::exchange(m_finishing, true))
        return;
    const bool idle = m_output.isEmpty();
    if (m_tls != nullptr && m_state == State::Open)
        endTls();
    if (m_state == State::Open && idle)
        m_loop.wake(*this, EPOLLOUT);
}

} // namespace meshyard::net
