// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/http/h2_options.h"
#include "embedded-mesh/http/head_parser.h"
#include "embedded-mesh/net/output_buffer.h"

#include <string>
#include <string_view>

namespace meshyard::http {

class H2Session;

/// How a stream came to its end.
struct H2StreamEnd
{
    H2Code code = H2Code::NoError;
    bool malformed = false; // the peer broke the rules of a message
    bool unprocessed = false; // the peer says that it has not looked at it: safe to send again
};

/// One stream of an HTTP/2 session; whoever uses it derives from it.
///
/// Bound to its session from H2SessionOwner::openStream() or H2Session::open() to onStreamEnd()
/// (or letGo()). Body bytes of the peer count against its window until they have been taken:
/// onBody() returns and reading is not paused.
/// Thread: its session's.
class H2Stream
{
public:
    H2Stream() = default;
    virtual ~H2Stream();
    H2Stream(const H2Stream&) = delete;
    H2Stream& operator=(const H2Stream&) = delete;

    bool isBound() const { return m_session != nullptr; }
    std::int32_t id() const { return m_id; }
    TimePoint lastActive() const { return m_lastActive; }

    /// @param text HTTP/1.1 head. @param end nothing follows it.
    /// @param upgrade client: protocol of an HTTP/1 Upgrade, to be asked for by extended CONNECT.
    void sendHead(std::string_view text, bool end, std::string_view upgrade = {});
    /// An interim response. @param text HTTP/1.1 head.
    void sendInterim(std::string_view text);
    /// Buffers what the peer's window does not take.
    void sendBody(std::string_view bytes);
    /// @param trailers field lines with their CRLFs.
    void sendEnd(std::string_view trailers);
    void reset(H2Code code);
    /// reset(), and onStreamEnd() will not come: the object may go.
    void letGo(H2Code code);
    /// letGo() of a stream that may be complete on both sides: then nothing is reset.
    void finish();
    void pauseReading() { m_paused = true; }
    void resumeReading();
    bool isBackedUp() const;
    std::size_t unsentBytes() const { return m_out.size(); }
    bool hasSentEnd() const { return m_ended; }
    bool hasPeerEnded() const { return m_peerEnded; }

protected:
    friend class H2Session;
    friend struct H2Callbacks;

    /// Server. @param error the request is to be refused with statusFor(error): head says nothing.
    virtual void onRequest(const RequestHead& /*head*/, HeadError /*error*/) { }
    /// Client: another head follows. Never 101.
    virtual void onInterim(const ResponseHead& /*head*/) { }
    /// Client; interim responses do not come here.
    virtual void onResponse(const ResponseHead& /*head*/) { }
    virtual void onBody(std::string_view bytes) = 0;
    virtual void onEnd(std::string_view trailers) = 0;
    /// No longer backed up.
    virtual void onWritable() = 0;
    /// Over, and no longer bound. Last call; the object may go.
    virtual void onStreamEnd(const H2StreamEnd& end) = 0;

private:
    static constexpr std::size_t kHighMark = 64 * 1024; // unsent, per stream
    static constexpr std::size_t kLowMark = 16 * 1024;

    H2Session* m_session = nullptr;
    std::int32_t m_id = 0;
    std::size_t m_place = 0; // in the session's list
    TimePoint m_lastActive{};
    net::OutputBuffer m_out;
    std::string m_trailers; // ours
    std::size_t m_unconsumed = 0;
    Method m_method = Method::Get; // of the request
    bool m_requestSent = false; // client
    bool m_headDone = false; // the peer's (final) head has come
    bool m_peerEnded = false;
    bool m_ended = false; // we send nothing more
    bool m_deferred = false; // the codec waits for body bytes
    bool m_paused = false;
    bool m_waitsForRoom = false; // onWritable() is owed
    bool m_malformed = false;
    bool m_closing = false; // among the session's closed ones
    std::uint32_t m_interims = 0;
};

} // namespace meshyard::http
