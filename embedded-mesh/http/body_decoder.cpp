// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/body_decoder.h"

#include "embedded-mesh/http/field_rules.h"

#include <algorithm>
#include <charconv>

namespace meshyard::http {

namespace {

constexpr std::uint32_t kMaxExtensionBytes = 8 * 1024; // of a whole body
constexpr std::size_t kMaxTrailerBytes = 16 * 1024;
constexpr int kMaxSizeDigits = 15; // cannot overflow

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const int letter = c | 0x20;
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/// Fields that frame or route a message: believed behind a body, they would change what it was.
/// RFC 9110 6.5.1.
bool mayTrail(std::string_view name)
{
    switch (knownHeader(name)) {
    case KnownHeader::Host:
    case KnownHeader::ContentLength:
    case KnownHeader::TransferEncoding:
    case KnownHeader::Connection:
    case KnownHeader::KeepAlive:
    case KnownHeader::ProxyConnection:
    case KnownHeader::Te:
    case KnownHeader::Trailer:
    case KnownHeader::Upgrade:
    case KnownHeader::Expect:
    case KnownHeader::MaxForwards:
    case KnownHeader::Authorization:
    case KnownHeader::ProxyAuthorization:
    case KnownHeader::XMeshyardPeer:
        return false;
    default:
        return true;
    }
}

bool isLineText(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7f) || c == '\t';
}

} // namespace

void BodyDecoder::start(const BodyFraming& framing)
{
    m_kind = framing.kind;
    m_left = framing.length;
    m_chunk = Chunk::SizeStart;
    m_error = HeadError::None;
    m_sizeDigits = 0;
    m_contentBytes = 0;
    m_extensionBytes = 0;
    m_trailers.clear();
    const bool empty
        = m_kind == BodyKind::None || (m_kind == BodyKind::Length && framing.length == 0);
    m_state = empty ? State::Done : State::Reading;
}

BodyDecoder::Step BodyDecoder::next(std::string_view input)
{
    if (m_state != State::Reading || input.empty())
        return {};
    if (m_kind != BodyKind::Chunked)
        return nextContent(input);
    std::size_t framed = 0;
    while (framed < input.size() && m_state == State::Reading && m_chunk != Chunk::Data)
        frame(input[framed++]);
    if (m_chunk != Chunk::Data || m_state != State::Reading)
        return {framed, {}};
    Step step = nextContent(input.substr(framed));
    step.consumed += framed;
    return step;
}

BodyDecoder::Step BodyDecoder::nextContent(std::string_view input)
{
    std::size_t size = input.size();
    if (m_kind != BodyKind::UntilClose) {
        size = static_cast<std::size_t>(std::min<std::uint64_t>(size, m_left));
        m_left -= size;
        if (m_left == 0) {
            if (m_kind == BodyKind::Length)
                m_state = State::Done;
            else
                m_chunk = Chunk::DataCr;
        }
    }
    m_contentBytes += size;
    return {size, input.substr(0, size)};
}

bool BodyDecoder::finish()
{
    if (m_state == State::Reading && m_kind == BodyKind::UntilClose)
        m_state = State::Done;
    return m_state == State::Done;
}

void BodyDecoder::invalidate(HeadError error)
{
    m_state = State::Invalid;
    m_error = error;
}

void BodyDecoder::expect(char c, char wanted, Chunk then, HeadError error)
{
    if (c == wanted)
        m_chunk = then;
    else
        invalidate(error);
}

void BodyDecoder::frame(char c)
{
    switch (m_chunk) {
    case Chunk::DataCr:
        return expect(c, '\r', Chunk::DataLf, HeadError::BadChunk);
    case Chunk::DataLf:
        return expect(c, '\n', Chunk::SizeStart, HeadError::BadChunk);
    case Chunk::LineStart:
    case Chunk::Name:
    case Chunk::Value:
    case Chunk::ValueLf:
    case Chunk::EndLf:
        return trailerLine(c);
    default:
        return sizeLine(c);
    }
}

void BodyDecoder::sizeLine(char c)
{
    if (m_chunk == Chunk::SizeStart) {
        m_left = 0;
        m_sizeDigits = 0;
        m_chunk = Chunk::Size;
    }
    if (m_chunk == Chunk::Size) {
        if (const int digit = hexValue(c); digit >= 0) {
            m_left = m_left * 16 + static_cast<unsigned>(digit);
            if (++m_sizeDigits > kMaxSizeDigits)
                invalidate(HeadError::BadChunk);
            return;
        }
        if (m_sizeDigits == 0)
            return invalidate(HeadError::BadChunk);
    } else if (m_chunk == Chunk::SizeLf) {
        return expect(c, '\n', m_left == 0 ? Chunk::LineStart : Chunk::Data, HeadError::BadChunk);
    }
    if (c == '\r' && m_chunk != Chunk::AfterSize) {
        m_chunk = Chunk::SizeLf;
        return;
    }
    // RFC 9112 7.1.1: extensions are ignored, but not without bound, and never hide a line end.
    if (++m_extensionBytes > kMaxExtensionBytes || !isLineText(c))
        return invalidate(HeadError::BadChunk);
    if (m_chunk == Chunk::Extension)
        return;
    if (c == ';')
        m_chunk = Chunk::Extension;
    else if (c == ' ' || c == '\t')
        m_chunk = Chunk::AfterSize;
    else
        invalidate(HeadError::BadChunk);
}

void BodyDecoder::trailerLine(char c)
{
    if (m_chunk == Chunk::EndLf) {
        if (c != '\n')
            return invalidate(HeadError::BadTrailer);
        m_state = State::Done;
        return;
    }
    if (m_chunk == Chunk::LineStart && c == '\r') {
        m_chunk = Chunk::EndLf;
        return;
    }
    if (m_trailers.size() == kMaxTrailerBytes)
        return invalidate(HeadError::BadTrailer);
    const bool nameEnds = m_chunk == Chunk::Name && c == ':';
    m_trailers.push_back(c);
    if (m_chunk == Chunk::ValueLf)
        return expect(c, '\n', Chunk::LineStart, HeadError::BadTrailer);
    if (nameEnds) {
        std::string_view name = m_trailers;
        name.remove_suffix(1);
        name.remove_prefix(name.rfind('\n') + 1); // npos + 1 is the beginning
        if (!mayTrail(name))
            return invalidate(HeadError::BadTrailer);
        m_chunk = Chunk::Value;
    } else if (m_chunk == Chunk::Value) {
        if (c == '\r')
            m_chunk = Chunk::ValueLf;
        else if (!isLineText(c))
            invalidate(HeadError::BadTrailer);
    } else if (isTokenChar(c)) {
        m_chunk = Chunk::Name;
    } else {
        invalidate(HeadError::BadTrailer);
    }
}

ChunkHeader::ChunkHeader(std::size_t size)
{
    const auto end = std::to_chars(m_text.data(), m_text.data() + 16, size, 16).ptr;
    end[0] = '\r';
    end[1] = '\n';
    m_size = static_cast<std::size_t>(end - m_text.data()) + 2;
}

} // namespace meshyard::http
