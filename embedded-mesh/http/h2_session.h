// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_frame_guard.h"
#include "embedded-mesh/http/h2_stream.h"
#include "embedded-mesh/http/h2_thread.h"

#include <memory>
#include <vector>

struct nghttp2_session;

namespace meshyard::http {

/// Whose connection a session speaks over.
class H2SessionOwner
{
public:
    virtual ~H2SessionOwner() = default;

    virtual void writeBytes(std::string_view bytes) = 0;
    /// Too much is unsent: the session keeps its frames until onWriteRoom().
    virtual bool isWriteBackedUp() const = 0;
    /// Server: who takes the request that begins now; nullptr refuses it.
    virtual H2Stream* openStream() { return nullptr; }
    /// The peer's limits may have changed.
    virtual void onPeerSettings() { }
    /// The peer takes no new streams.
    virtual void onGoAway() { }
    /// The last stream has ended.
    virtual void onIdle() { }
    /// Nothing will be read or written any more; all streams have ended. Close the connection
    /// after what was written.
    virtual void onSessionOver() = 0;
};

/// HTTP/2 for one connection, either side: framing, HPACK, flow control by nghttp2; limits, floods
/// and back-pressure by us. Knows no socket.
///
/// Follows RFC 9113. Thread: that of its H2Thread. No function of a stream or owner is called from
/// inside one of their calls, but for openStream(), and onRequest() to onEnd() from receive().
class H2Session final
{
public:
    enum class Role : std::uint8_t { Client, Server };

    H2Session(H2Thread& thread, H2SessionOwner& owner, Role role, const H2Options& options);
    ~H2Session();
    H2Session(const H2Session&) = delete;
    H2Session& operator=(const H2Session&) = delete;

    void receive(std::string_view bytes);
    /// Sends what there is; otherwise done at the end of the turn.
    void flush();
    /// The owner is no longer backed up.
    void onWriteRoom();
    /// The connection is lost: every stream ends.
    void abandon(H2Code code = H2Code::InternalError);

    /// Client: binds a stream; its sendHead() sends the request.
    void open(H2Stream& stream, Method method);
    /// Client: whether another stream may be opened now.
    bool hasRoom() const;

    /// Server: announces the end; streams go on, and those the peer opened meanwhile too. Becomes
    /// shutdown() as soon as the peer has shown that it knows.
    void announceShutdown();
    /// Refuses new streams, ends when the last one has.
    void shutdown();
    /// GOAWAY and the end at once.
    void terminate(H2Code code);

    std::size_t streamCount() const { return m_streams.size(); }
    std::span<H2Stream* const> streams() const { return m_streams; }
    bool isGoingAway() const { return m_goingAway || m_over; }
    bool isOver() const { return m_over; }
    H2Thread& thread() { return m_thread; }

private:
    friend class H2Stream;
    friend struct H2Callbacks;

    struct Ended
    {
        H2Stream* stream;
        H2StreamEnd end;
    };

    void submitSettings();
    void bind(H2Stream& stream, std::int32_t id);
    void unbind(H2Stream& stream);
    void noteEnded(H2Stream& stream, const H2StreamEnd& end);
    void forgetEnded(const H2Stream& stream);
    void wantFlush();
    void settle();
    void end();

    void sendHead(H2Stream& stream, std::string_view text, bool end, std::string_view upgrade);
    void consume(H2Stream& stream);
    void noteRoom(H2Stream& stream);
    void punish(H2Code code);

    H2Thread& m_thread;
    H2SessionOwner& m_owner;
    const Role m_role;
    const H2Options m_options;
    nghttp2_session* m_session = nullptr;
    H2FrameGuard m_guard;
    std::vector<H2Stream*> m_streams;
    std::vector<Ended> m_ended; // told at settle()
    std::vector<H2Stream*> m_withRoom; // told at settle()
    std::unique_ptr<H2HeadBuilder> m_builder; // while a header block comes in
    bool m_flushWanted = false;
    bool m_batchFull = false;
    bool m_settling = false;
    bool m_announced = false; // announceShutdown(): a PING is under way
    bool m_shutdown = false;
    bool m_goingAway = false;
    bool m_failed = false;
    bool m_deaf = false; // nothing more is read; a GOAWAY is on its way
    bool m_over = false;
};

} // namespace meshyard::http
