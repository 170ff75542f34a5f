// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/h2_callbacks.h"

#include "embedded-mesh/http/h2_session.h"

#include <limits>

namespace meshyard::http {

namespace {

constexpr std::size_t kBatch = 128 * 1024; // output of one write
constexpr std::uint32_t kMaxInterims = 32;
constexpr std::size_t kBombFactor = 4; // header lists this many times over the limit are no mistake

H2Session& self(void* user)
{
    return *static_cast<H2Session*>(user);
}

H2Stream* streamOf(nghttp2_session* session, std::int32_t id)
{
    return static_cast<H2Stream*>(nghttp2_session_get_stream_user_data(session, id));
}

std::string_view text(const std::uint8_t* data, std::size_t size)
{
    return {reinterpret_cast<const char*>(data), size};
}

bool endsStream(const nghttp2_frame& frame)
{
    return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

} // namespace

const nghttp2_session_callbacks* H2Callbacks::table()
{
    static const nghttp2_session_callbacks* const made = [] {
        nghttp2_session_callbacks* callbacks = nullptr;
        nghttp2_session_callbacks_new(&callbacks);
        nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, beginHeaders);
        nghttp2_session_callbacks_set_on_header_callback(callbacks, header);
        nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, frameReceived);
        nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, invalidFrame);
        nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, dataChunk);
        nghttp2_session_callbacks_set_send_data_callback(callbacks, sendData);
        nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, frameSent);
        nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, frameNotSent);
        nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, streamClosed);
        return callbacks;
    }();
    return made;
}

const nghttp2_option* H2Callbacks::options()
{
    static const nghttp2_option* const made = [] {
        nghttp2_option* option = nullptr;
        nghttp2_option_new(&option);
        nghttp2_option_set_no_auto_window_update(option, 1);
        // Bounds the answers a peer does not read; how often it asks is bounded by H2FrameGuard.
        nghttp2_option_set_max_outbound_ack(option, 3000);
        // Resets are judged by H2FrameGuard, which also looks at how many requests come.
        nghttp2_option_set_stream_reset_rate_limit(
            option, std::numeric_limits<std::uint32_t>::max(), 1000);
        return option;
    }();
    return made;
}

int H2Callbacks::beginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user)
{
    H2Session& own = self(user);
    const bool request = frame->headers.cat == NGHTTP2_HCAT_REQUEST;
    H2Stream* stream = nullptr;
    if (request) {
        stream = own.m_goingAway ? nullptr : own.m_owner.openStream();
        if (stream == nullptr) {
            nghttp2_submit_rst_stream(
                session, NGHTTP2_FLAG_NONE, frame->hd.stream_id, NGHTTP2_REFUSED_STREAM);
            return 0;
        }
        own.bind(*stream, frame->hd.stream_id);
        nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, stream);
    } else {
        stream = streamOf(session, frame->hd.stream_id);
    }
    if (own.m_builder == nullptr)
        own.m_builder = own.m_thread.takeBuilder();
    using Kind = H2HeadBuilder::Kind;
    const Kind later = stream != nullptr && !stream->m_headDone ? Kind::Response : Kind::Trailers;
    own.m_builder->begin(request ? Kind::Request : later, own.m_options.limits);
    return 0;
}

int H2Callbacks::header(nghttp2_session* /*session*/, const nghttp2_frame* /*frame*/,
    const std::uint8_t* name, std::size_t nameSize, const std::uint8_t* value,
    std::size_t valueSize, std::uint8_t /*flags*/, void* user)
{
    H2Session& own = self(user);
    if (own.m_builder == nullptr)
        return 0;
    own.m_builder->add(text(name, nameSize), text(value, valueSize));
    if (own.m_builder->listSize() <= kBombFactor * own.m_options.limits.bytes)
        return 0;
    // A byte of a bomb is a field of 4 KiB: what is left of it must not even be decoded.
    own.punish(H2Code::EnhanceYourCalm);
    own.m_deaf = true;
    return NGHTTP2_ERR_CALLBACK_FAILURE;
}

int H2Callbacks::frameReceived(nghttp2_session* session, const nghttp2_frame* frame, void* user)
{
    H2Session& own = self(user);
    switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
        if (H2Stream* const stream = streamOf(session, frame->hd.stream_id))
            headersReceived(own, *stream, *frame);
        if (own.m_builder != nullptr)
            own.m_thread.giveBack(std::move(own.m_builder));
        return 0;
    case NGHTTP2_DATA:
        if (!endsStream(*frame))
            return 0;
        if (H2Stream* const stream = streamOf(session, frame->hd.stream_id)) {
            stream->m_peerEnded = true;
            stream->onEnd({});
        }
        return 0;
    case NGHTTP2_SETTINGS:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) == 0)
            own.m_owner.onPeerSettings();
        return 0;
    case NGHTTP2_PING:
        if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0 && own.m_announced)
            own.shutdown();
        return 0;
    case NGHTTP2_GOAWAY:
        own.m_goingAway = true;
        own.m_owner.onGoAway();
        return 0;
    default:
        return 0;
    }
}

void H2Callbacks::headersReceived(H2Session& own, H2Stream& stream, const nghttp2_frame& frame)
{
    if (own.m_builder == nullptr)
        return;
    // Kept apart: a request that this one sets off may need a builder.
    std::unique_ptr<H2HeadBuilder> owned = std::move(own.m_builder);
    H2HeadBuilder& head = *owned;
    const bool ended = endsStream(frame);
    stream.m_lastActive = own.m_thread.loop().now();
    stream.m_peerEnded = ended;
    switch (head.kind()) {
    case H2HeadBuilder::Kind::Request: {
        const HeadError error = head.finishRequest(ended);
        stream.m_headDone = true;
        stream.m_method = head.request().method();
        stream.onRequest(head.request(), error);
        break;
    }
    case H2HeadBuilder::Kind::Response:
        responseReceived(stream, head, ended);
        break;
    case H2HeadBuilder::Kind::Trailers:
        if (head.error() != HeadError::None) {
            stream.m_malformed = true;
            stream.reset(H2Code::ProtocolError);
        } else {
            stream.onEnd(head.trailers());
        }
        break;
    }
    own.m_thread.giveBack(std::move(owned));
}

void H2Callbacks::responseReceived(H2Stream& stream, H2HeadBuilder& head, bool ended)
{
    const HeadError error = head.finishResponse(stream.m_method, ended);
    const int status = head.response().status();
    const bool interim = status < 200;
    if (error != HeadError::None || status == 101 || (interim && ended)
        || (interim && ++stream.m_interims > kMaxInterims)) {
        stream.m_malformed = true;
        return stream.reset(H2Code::ProtocolError);
    }
    if (interim) {
        stream.onInterim(head.response());
        return;
    }
    stream.m_headDone = true;
    const std::int32_t id = stream.id();
    nghttp2_session* const codec = stream.m_session->m_session;
    stream.onResponse(head.response());
    if (ended && streamOf(codec, id) == &stream) // still there
        stream.onEnd({});
}

int H2Callbacks::invalidFrame(
    nghttp2_session* session, const nghttp2_frame* frame, int error, void* user)
{
    H2Session& own = self(user);
    if (H2Stream* const stream = streamOf(session, frame->hd.stream_id))
        stream->m_malformed = true;
    // Errors of the whole connection end it; those of one stream are counted.
    const bool malformed = error == NGHTTP2_ERR_HTTP_MESSAGING || error == NGHTTP2_ERR_HTTP_HEADER;
    if (frame->hd.stream_id != 0 && malformed && own.m_role == H2Session::Role::Server)
        own.punish(own.m_guard.noteStreamError(own.m_thread.loop().now()));
    else if (error == NGHTTP2_ERR_REFUSED_STREAM)
        own.punish(own.m_guard.noteRefused());
    return 0;
}

int H2Callbacks::dataChunk(nghttp2_session* session, std::uint8_t /*flags*/, std::int32_t id,
    const std::uint8_t* data, std::size_t size, void* user)
{
    H2Session& own = self(user);
    H2Stream* const stream = streamOf(session, id);
    if (stream == nullptr) {
        nghttp2_session_consume(session, id, size);
        return 0;
    }
    stream->m_lastActive = own.m_thread.loop().now();
    stream->m_unconsumed += size;
    stream->onBody(text(data, size));
    if (streamOf(session, id) == stream && !stream->m_paused)
        own.consume(*stream);
    return 0;
}

ssize_t H2Callbacks::readBody(nghttp2_session* session, std::int32_t id, std::uint8_t* /*buffer*/,
    std::size_t length, std::uint32_t* flags, nghttp2_data_source* /*source*/, void* user)
{
    H2Stream* const stream = streamOf(session, id);
    if (stream == nullptr)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    const std::size_t size = std::min(length, stream->m_out.size());
    if (size == 0 && !stream->m_ended) {
        stream->m_deferred = true;
        return NGHTTP2_ERR_DEFERRED;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    if (size == stream->m_out.size() && stream->m_ended) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (!stream->m_trailers.empty()) {
            H2Fields& fields = self(user).m_thread.fields;
            fields.setTrailers(stream->m_trailers);
            if (fields.size() > 0
                && nghttp2_submit_trailer(session, id, fields.data(), fields.size()) == 0)
                *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
            stream->m_trailers.clear();
        }
    }
    return static_cast<ssize_t>(size);
}

int H2Callbacks::sendData(nghttp2_session* session, nghttp2_frame* frame,
    const std::uint8_t* frameHead, std::size_t length, nghttp2_data_source* /*source*/, void* user)
{
    constexpr std::size_t kFrameHead = 9;
    H2Session& own = self(user);
    H2Stream* const stream = streamOf(session, frame->hd.stream_id);
    if (stream == nullptr)
        return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
    std::string& out = own.m_thread.output;
    out.append(text(frameHead, kFrameHead)).append(stream->m_out.pending().substr(0, length));
    stream->m_out.consume(length);
    stream->m_lastActive = own.m_thread.loop().now();
    own.m_guard.noteDataSent();
    own.noteRoom(*stream);
    if (out.size() < kBatch)
        return 0;
    own.m_batchFull = true;
    return NGHTTP2_ERR_PAUSE;
}

int H2Callbacks::frameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user)
{
    // RFC 9113 8.1: who has answered in full tells the client not to send the rest.
    const std::int32_t id = frame->hd.stream_id;
    if (self(user).m_role == H2Session::Role::Server && endsStream(*frame)
        && (frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS)
        && nghttp2_session_get_stream_remote_close(session, id) == 0)
        nghttp2_submit_rst_stream(session, NGHTTP2_FLAG_NONE, id, NGHTTP2_NO_ERROR);
    return 0;
}

int H2Callbacks::frameNotSent(
    nghttp2_session* /*session*/, const nghttp2_frame* frame, int /*error*/, void* user)
{
    H2Session& own = self(user);
    if (frame->hd.type != NGHTTP2_HEADERS || frame->headers.cat != NGHTTP2_HCAT_REQUEST)
        return 0;
    for (H2Stream* const stream : own.m_streams) {
        if (stream->m_id == frame->hd.stream_id)
            own.noteEnded(*stream, {H2Code::RefusedStream, false, true});
    }
    return 0;
}

int H2Callbacks::streamClosed(
    nghttp2_session* session, std::int32_t id, std::uint32_t code, void* user)
{
    if (H2Stream* const stream = streamOf(session, id)) {
        const auto error = static_cast<H2Code>(code);
        self(user).noteEnded(*stream, {error, stream->m_malformed, error == H2Code::RefusedStream});
    }
    return 0;
}

} // namespace meshyard::http
