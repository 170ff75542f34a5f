// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/h2_session.h"

#include "embedded-mesh/http/h2_callbacks.h"

#include <algorithm>

namespace meshyard::http {

namespace {

constexpr std::size_t kMaxKeptOutput = 64 * 1024;

} // namespace

H2Session::H2Session(H2Thread& thread, H2SessionOwner& owner, Role role, const H2Options& options)
    : m_thread(thread)
    , m_owner(owner)
    , m_role(role)
    , m_options(options)
    , m_guard(role == Role::Server)
{
    const auto make
        = role == Role::Server ? nghttp2_session_server_new2 : nghttp2_session_client_new2;
    if (make(&m_session, H2Callbacks::table(), this, H2Callbacks::options()) != 0) {
        m_session = nullptr;
        m_over = true;
        return;
    }
    submitSettings();
}

H2Session::~H2Session()
{
    for (H2Stream* const stream : m_streams)
        stream->m_session = nullptr;
    m_thread.forget(*this);
    nghttp2_session_del(m_session);
}

void H2Session::submitSettings()
{
    std::vector<nghttp2_settings_entry> entries{
        {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, m_options.maxConcurrentStreams},
        {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, m_options.streamWindow},
        {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(m_options.limits.bytes)},
    };
    if (m_role == Role::Client)
        entries.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
    else if (m_options.extendedConnect)
        entries.push_back({NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1});
    if (m_options.headerTable != NGHTTP2_DEFAULT_HEADER_TABLE_SIZE)
        entries.push_back({NGHTTP2_SETTINGS_HEADER_TABLE_SIZE, m_options.headerTable});
    nghttp2_submit_settings(m_session, NGHTTP2_FLAG_NONE, entries.data(), entries.size());
    nghttp2_session_set_local_window_size(m_session, NGHTTP2_FLAG_NONE, 0,
        static_cast<std::int32_t>(
            std::max<std::uint32_t>(m_options.connectionWindow, NGHTTP2_INITIAL_WINDOW_SIZE)));
    wantFlush();
}

void H2Session::receive(std::string_view bytes)
{
    if (m_over || m_failed || m_deaf)
        return;
    const H2FrameGuard::Finding finding = m_guard.scan(bytes, m_thread.loop().now());
    const auto* const data = reinterpret_cast<const std::uint8_t*>(bytes.data());
    if (nghttp2_session_mem_recv(m_session, data, finding.bytes) < 0)
        m_failed = !m_deaf;
    else if (finding.error != H2Code::NoError)
        punish(finding.error);
    if (nghttp2_session_want_write(m_session) != 0)
        wantFlush();
    settle();
}

void H2Session::wantFlush()
{
    if (!m_over && !std::exchange(m_flushWanted, true))
        m_thread.flushAtTurnEnd(*this);
}

void H2Session::flush()
{
    if (std::exchange(m_flushWanted, false))
        m_thread.forget(*this);
    if (m_over)
        return;
    std::string& out = m_thread.output;
    out.clear();
    while (!m_failed && !m_owner.isWriteBackedUp()) {
        const std::uint8_t* frame = nullptr;
        const ssize_t size = nghttp2_session_mem_send(m_session, &frame);
        if (size < 0)
            m_failed = true;
        else
            out.append(reinterpret_cast<const char*>(frame), static_cast<std::size_t>(size));
        const bool full = std::exchange(m_batchFull, false);
        if (size <= 0 && !full)
            break;
        if (full || out.size() > kMaxKeptOutput) {
            m_owner.writeBytes(out);
            out.clear();
        }
    }
    if (!out.empty())
        m_owner.writeBytes(out);
    if (out.capacity() > 4 * kMaxKeptOutput)
        std::string().swap(out);
    settle();
}

void H2Session::onWriteRoom()
{
    for (H2Stream* const stream : m_streams)
        noteRoom(*stream);
    flush();
}

void H2Session::settle()
{
    if (std::exchange(m_settling, true))
        return;
    for (std::size_t i = 0; i < m_ended.size(); ++i) {
        const Ended ended = m_ended[i];
        if (ended.stream == nullptr)
            continue;
        unbind(*ended.stream);
        ended.stream->onStreamEnd(ended.end);
    }
    const bool idle = !m_ended.empty() && m_streams.empty();
    m_ended.clear();
    for (std::size_t i = 0; i < m_withRoom.size(); ++i) {
        if (H2Stream* const stream = m_withRoom[i])
            stream->onWritable();
    }
    m_withRoom.clear();
    m_settling = false;
    const bool done = m_failed
        || (nghttp2_session_want_read(m_session) == 0
            && nghttp2_session_want_write(m_session) == 0);
    if (done && !m_over)
        return end();
    if (idle && !m_over)
        m_owner.onIdle();
}

void H2Session::end()
{
    abandon();
    m_owner.onSessionOver();
}

void H2Session::abandon(H2Code code)
{
    m_over = true;
    while (!m_streams.empty()) {
        H2Stream& stream = *m_streams.back();
        forgetEnded(stream);
        unbind(stream);
        stream.onStreamEnd({code, stream.m_malformed, false});
    }
}

void H2Session::bind(H2Stream& stream, std::int32_t id)
{
    stream.m_session = this;
    stream.m_id = id;
    stream.m_place = m_streams.size();
    stream.m_lastActive = m_thread.loop().now();
    stream.m_out.clear();
    stream.m_trailers.clear();
    stream.m_unconsumed = 0;
    stream.m_interims = 0;
    stream.m_requestSent = stream.m_headDone = stream.m_peerEnded = stream.m_ended = false;
    stream.m_deferred = stream.m_paused = stream.m_waitsForRoom = false;
    stream.m_malformed = stream.m_closing = false;
    m_streams.push_back(&stream);
}

void H2Session::unbind(H2Stream& stream)
{
    m_streams[stream.m_place] = m_streams.back();
    m_streams[stream.m_place]->m_place = stream.m_place;
    m_streams.pop_back();
    std::ranges::replace(m_withRoom, &stream, static_cast<H2Stream*>(nullptr));
    if (stream.m_id != 0)
        nghttp2_session_set_stream_user_data(m_session, stream.m_id, nullptr);
    if (stream.m_unconsumed > 0 && !m_over) {
        nghttp2_session_consume_connection(m_session, stream.m_unconsumed);
        wantFlush();
    }
    stream.m_out.clear();
    stream.m_session = nullptr;
}

void H2Session::noteEnded(H2Stream& stream, const H2StreamEnd& end)
{
    if (!std::exchange(stream.m_closing, true))
        m_ended.push_back({&stream, end});
}

void H2Session::forgetEnded(const H2Stream& stream)
{
    for (Ended& ended : m_ended) {
        if (ended.stream == &stream)
            ended.stream = nullptr;
    }
}

void H2Session::open(H2Stream& stream, Method method)
{
    bind(stream, 0);
    stream.m_method = method;
}

bool H2Session::hasRoom() const
{
    if (isGoingAway() || m_failed)
        return false;
    const std::uint32_t theirs
        = nghttp2_session_get_remote_settings(m_session, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS);
    return m_streams.size() < std::min(theirs, m_options.maxConcurrentStreams);
}

void H2Session::announceShutdown()
{
    if (m_over)
        return;
    if (std::exchange(m_announced, true))
        return;
    nghttp2_submit_shutdown_notice(m_session);
    nghttp2_submit_ping(m_session, NGHTTP2_FLAG_NONE, nullptr);
    wantFlush();
}

void H2Session::shutdown()
{
    if (m_over || std::exchange(m_shutdown, true))
        return;
    m_goingAway = true;
    const std::int32_t last = nghttp2_session_get_last_proc_stream_id(m_session);
    nghttp2_submit_goaway(m_session, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
    wantFlush();
}

void H2Session::terminate(H2Code code)
{
    if (m_over)
        return;
    nghttp2_session_terminate_session(m_session, static_cast<std::uint32_t>(code));
    wantFlush();
}

void H2Session::punish(H2Code code)
{
    if (code != H2Code::NoError)
        terminate(code);
}

void H2Session::consume(H2Stream& stream)
{
    const std::size_t size = std::exchange(stream.m_unconsumed, 0);
    if (size == 0)
        return;
    nghttp2_session_consume(m_session, stream.m_id, size);
    if (nghttp2_session_want_write(m_session) != 0)
        wantFlush();
}

void H2Session::noteRoom(H2Stream& stream)
{
    if (!stream.m_waitsForRoom || stream.m_out.size() > H2Stream::kLowMark)
        return;
    stream.m_waitsForRoom = false;
    m_withRoom.push_back(&stream);
}

void H2Session::sendHead(
    H2Stream& stream, std::string_view text, bool end, std::string_view upgrade)
{
    H2Fields& fields = m_thread.fields;
    nghttp2_data_provider body{};
    body.read_callback = H2Callbacks::readBody;
    const nghttp2_data_provider* const follows = end ? nullptr : &body;
    stream.m_ended = end;
    wantFlush();
    if (m_role == Role::Server) {
        fields.setResponse(text);
        nghttp2_submit_response(m_session, stream.m_id, fields.data(), fields.size(), follows);
        return;
    }
    if (!upgrade.empty()
        && nghttp2_session_get_remote_settings(m_session, NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL)
            != 1)
        return noteEnded(stream, {H2Code::ProtocolError, false, false}); // the peer can't
    fields.setRequest(text, m_options.secure, upgrade);
    const std::int32_t id = nghttp2_submit_request(
        m_session, nullptr, fields.data(), fields.size(), follows, &stream);
    if (id > 0) {
        stream.m_id = id;
        return;
    }
    m_goingAway = true; // out of stream ids, or of memory
    noteEnded(stream, {H2Code::RefusedStream, false, true});
}

} // namespace meshyard::http
