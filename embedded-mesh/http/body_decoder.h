// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/head_parser.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace meshyard::http {

/// Finds the end of a body and takes the chunk framing off. Strict as the head parser: what it has
/// consumed is well-formed, so a forwarder may pass the same bytes on unchanged.
///
/// Follows RFC 9112 6 and 7. Never allocates, trailers apart.
class BodyDecoder final
{
public:
    enum class State : std::uint8_t { Reading, Done, Invalid };

    struct Step
    {
        std::size_t consumed = 0; // of the input, framing included
        std::string_view data; // part of the input that is content; may be empty
    };

    BodyDecoder() = default;
    explicit BodyDecoder(const BodyFraming& framing) { start(framing); }
    void start(const BodyFraming& framing);

    /// Takes framing and at most one run of content. Call again with the rest while it consumes
    /// something and state() is Reading; bytes behind the end are left alone.
    Step next(std::string_view input);

    /// The peer finished. @return true when that is (or was) a proper end.
    bool finish();

    State state() const { return m_state; }
    bool isDone() const { return m_state == State::Done; }
    HeadError error() const { return m_error; }
    /// Content bytes so far.
    std::uint64_t contentBytes() const { return m_contentBytes; }
    /// Raw trailer lines with their CRLFs; complete when done.
    const std::string& trailers() const { return m_trailers; }

private:
    enum class Chunk : std::uint8_t {
        SizeStart,
        Size,
        AfterSize,
        Extension,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        LineStart,
        Name,
        Value,
        ValueLf,
        EndLf,
    };

    Step nextContent(std::string_view input);
    void frame(char c);
    void sizeLine(char c);
    void trailerLine(char c);
    void invalidate(HeadError error);
    void expect(char c, char wanted, Chunk then, HeadError error);

    BodyKind m_kind = BodyKind::None;
    State m_state = State::Done;
    Chunk m_chunk = Chunk::SizeStart;
    HeadError m_error = HeadError::None;
    int m_sizeDigits = 0;
    std::uint64_t m_left = 0; // of the body or of this chunk
    std::uint64_t m_contentBytes = 0;
    std::uint32_t m_extensionBytes = 0;
    std::string m_trailers;
};

/// "1f4\r\n": write it, the content, and "\r\n" behind. Never with size 0: that ends the body.
class ChunkHeader final
{
public:
    explicit ChunkHeader(std::size_t size);
    std::string_view text() const { return {m_text.data(), m_size}; }

private:
    std::array<char, 20> m_text{};
    std::size_t m_size = 0;
};

inline constexpr std::string_view kLastChunk = "0\r\n\r\n";

} // namespace meshyard::http
