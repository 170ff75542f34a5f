// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/net/output_buffer.h"
#include "embedded-mesh/net/socket_address.h"

#include <initializer_list>
#include <optional>
#include <string_view>

namespace meshyard::net {

/// What a Connection tells its owner. Each callback may destroy the connection.
class ConnectionHandler
{
public:
    virtual ~ConnectionHandler() = default;

    /// The connect() succeeded. Not called for accepted connections.
    virtual void onConnected() { }
    /// @param bytes in the loop's shared read buffer: valid during the call only; all are yours
    /// now.
    virtual void onData(std::string_view bytes) = 0;
    /// The peer will send nothing more; we may still write.
    virtual void onPeerFinished() = 0;
    /// Output fell from above kHighMark to kLowMark: fill again.
    virtual void onWritable() { }
    /// Last call. @param error why it ended; none when both sides had finished.
    virtual void onClosed(const std::optional<Error>& error) = 0;
};

/// A non-blocking stream socket in an event loop: reads into the loop's shared buffer, writes at
/// once and queues what the kernel refuses. No callback comes from inside a call of the owner.
///
/// Thread: its loop's.
class Connection final : public IoHandler
{
public:
    Connection(EventLoop& loop, ConnectionHandler& handler);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Takes an accepted (or otherwise connected) non-blocking socket.
    Result<void> adopt(Fd fd);
    /// Starts connecting. An error here comes without onClosed(); later ones come through it.
    Result<void> connect(const SocketAddress& address);

    /// Sends or queues; the parts leave in one system call if the kernel takes them.
    void write(std::initializer_list<std::string_view> parts);
    void write(std::string_view bytes) { write({bytes}); }
    /// More than kHighMark unsent: pause the source until onWritable().
    bool isBackedUp() const { return m_backedUp; }
    std::size_t unsentBytes() const { return m_output.size(); }

    void pauseReading() { m_paused = true; }
    void resumeReading();
    bool isReadingPaused() const { return m_paused; }

    /// FIN once everything queued has gone. Ends with onClosed() when the peer finishes too.
    void finishWriting();
    /// Closes now; unsent bytes are lost; no onClosed().
    void close();
    /// close() with RST.
    void abort();

    bool isOpen() const { return m_state == State::Open; }
    bool isConnecting() const { return m_state == State::Connecting; }
    bool isClosed() const { return m_state == State::Closed; }
    /// The peer's FIN or RST has been seen by the kernel: not to be reused.
    bool hasHangup() const { return m_hangup; }
    int fd() const { return m_fd.get(); }
    std::uint64_t bytesRead() const { return m_bytesRead; }
    std::uint64_t bytesWritten() const { return m_bytesWritten; }

    void onIo(std::uint32_t events) override;

private:
    enum class State : std::uint8_t { Closed, Connecting, Open };
    enum class Life : std::uint8_t { Alive, Gone };

    Life finishConnecting();
    Life flush();
    Life readAvailable();
    Life readOnce(bool& drained);
    void sendOrQueue(std::initializer_list<std::string_view> parts);
    void failLater(int errorNumber);
    Life fail(const std::optional<Error>& error);
    template <typename Callback> Life tell(Callback&& callback);

    EventLoop& m_loop;
    ConnectionHandler& m_handler; // outlives us
    Fd m_fd;
    OutputBuffer m_output;
    std::uint64_t m_bytesRead = 0;
    std::uint64_t m_bytesWritten = 0;
    bool* m_destroyed = nullptr; // set while a callback runs
    int m_pendingError = 0;
    std::uint32_t m_generation = 0; // sockets held so far
    State m_state = State::Closed;
    bool m_paused = false;
    bool m_readable = false; // data may wait although no event will say so again
    bool m_hangup = false;
    bool m_peerFinished = false;
    bool m_finishing = false; // FIN wanted
    bool m_finished = false; // FIN sent
    bool m_backedUp = false;
};

} // namespace meshyard::net
