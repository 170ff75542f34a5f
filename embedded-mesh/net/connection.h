// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/net/output_buffer.h"
#include "embedded-mesh/net/socket_address.h"
#include "embedded-mesh/net/tls_context.h"

#include <initializer_list>
#include <memory>
#include <optional>
#include <string_view>

namespace meshyard::net {

/// What a Connection tells its owner. Each callback may destroy the connection.
class ConnectionHandler
{
public:
    virtual ~ConnectionHandler() = default;

    /// The connect() succeeded, the TLS handshake included. For accepted connections: the handshake
    /// is over; not called for plain ones.
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
/// With a TLS context all bytes of the owner are plaintext. A peer that ends without close_notify
/// ends with an error (DataLoss), not with onPeerFinished().
/// Thread: its loop's.
class Connection final : public IoHandler
{
public:
    static constexpr Duration kDefaultHandshakeTimeout = std::chrono::seconds(10);

    Connection(EventLoop& loop, ConnectionHandler& handler);
    ~Connection() override;
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /// Takes an accepted (or otherwise connected) non-blocking socket.
    Result<void> adopt(Fd fd);
    /// The same, as the server of a TLS handshake, which ends with onConnected() or onClosed().
    Result<void> adopt(
        Fd fd, const TlsContext& tls, Duration handshakeTimeout = kDefaultHandshakeTimeout);
    /// Starts connecting. An error here comes without onClosed(); later ones come through it.
    Result<void> connect(const SocketAddress& address);
    /// The same, and then as the client of a TLS handshake; the caller limits the time of both.
    /// @param serverName SNI in place of the context's; empty = the context's.
    Result<void> connect(
        const SocketAddress& address, const TlsContext& tls, std::string_view serverName = {});

    /// Sends or queues; the parts leave in one system call if the kernel takes them.
    void write(std::initializer_list<std::string_view> parts);
    void write(std::string_view bytes) { write({bytes}); }
    /// More than kHighMark unsent: pause the source until onWritable().
    bool isBackedUp() const { return m_backedUp; }
    std::size_t unsentBytes() const { return m_output.size() + heldBytes(); }

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
    /// Up to onConnected(), the handshake included.
    bool isConnecting() const
    {
        return m_state == State::Connecting || m_state == State::Handshaking;
    }
    bool isClosed() const { return m_state == State::Closed; }
    /// The peer's FIN or RST has been seen by the kernel: not to be reused.
    bool hasHangup() const { return m_hangup; }
    int fd() const { return m_fd.get(); }
    /// The owner's bytes, without what TLS adds.
    std::uint64_t bytesRead() const { return m_bytesRead; }
    std::uint64_t bytesWritten() const { return m_bytesWritten; }

    bool isTls() const { return m_tls != nullptr; }
    /// ALPN: "h2", "http/1.1"; empty = plain, or nothing was agreed on.
    std::string_view negotiatedProtocol() const;
    /// nullptr = plain, or the peer showed no certificate. Lives as long as the connection is open.
    const PeerIdentity* peerIdentity() const;
    /// SNI; empty = plain, or none.
    std::string_view serverName() const;
    /// An earlier session was taken up again.
    bool isTlsResumed() const;

    void onIo(std::uint32_t events) override;

private:
    enum class State : std::uint8_t { Closed, Connecting, Handshaking, Open };
    struct Tls;
    enum class Life : std::uint8_t { Alive, Gone };

    Life finishConnecting();
    Life flush();
    Life readAvailable();
    Life readOnce(bool& drained);
    std::size_t heldBytes() const;
    void beginTls(const TlsContext& tls, std::string_view serverName, std::string_view peerKey);
    Life readTls(bool& drained);
    Life takeCiphertext(bool& drained);
    Life handshake();
    void endTls();
    void writeTls(std::initializer_list<std::string_view> parts);
    void sendTlsOutput();
    void leaveTls();
    void sendOrQueue(std::initializer_list<std::string_view> parts);
    void failLater(int errorNumber);
    Life fail(const std::optional<Error>& error);
    template <typename Callback> Life tell(Callback&& callback);

    EventLoop& m_loop;
    ConnectionHandler& m_handler; // outlives us
    Fd m_fd;
    OutputBuffer m_output; // as the socket takes it: ciphertext with TLS
    std::unique_ptr<Tls> m_tls; // nullptr = plain
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
