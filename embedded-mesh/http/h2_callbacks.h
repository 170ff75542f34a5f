// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>

namespace meshyard::http {

class H2HeadBuilder;
class H2Session;
class H2Stream;

/// What nghttp2 calls, for every session alike.
struct H2Callbacks
{
    static const nghttp2_session_callbacks* table();
    static const nghttp2_option* options();

    /// Reads body bytes of a stream; they leave by sendData().
    static ssize_t readBody(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
        std::size_t length, std::uint32_t* flags, nghttp2_data_source* source, void* user);

private:
    static int beginHeaders(nghttp2_session* session, const nghttp2_frame* frame, void* user);
    static int header(nghttp2_session* session, const nghttp2_frame* frame,
        const std::uint8_t* name, std::size_t nameSize, const std::uint8_t* value,
        std::size_t valueSize, std::uint8_t flags, void* user);
    static int frameReceived(nghttp2_session* session, const nghttp2_frame* frame, void* user);
    static int invalidFrame(
        nghttp2_session* session, const nghttp2_frame* frame, int error, void* user);
    static int dataChunk(nghttp2_session* session, std::uint8_t flags, std::int32_t id,
        const std::uint8_t* data, std::size_t size, void* user);
    static int sendData(nghttp2_session* session, nghttp2_frame* frame,
        const std::uint8_t* frameHead, std::size_t length, nghttp2_data_source* source, void* user);
    static int frameSent(nghttp2_session* session, const nghttp2_frame* frame, void* user);
    static int frameNotSent(
        nghttp2_session* session, const nghttp2_frame* frame, int error, void* user);
    static int streamClosed(
        nghttp2_session* session, std::int32_t id, std::uint32_t code, void* user);

    static void headersReceived(H2Session& session, H2Stream& stream, const nghttp2_frame& frame);
    static void responseReceived(H2Stream& stream, H2HeadBuilder& head, bool ended);
};

} // namespace meshyard::http
