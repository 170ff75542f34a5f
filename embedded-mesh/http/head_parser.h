// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/message_head.h"

#include <string_view>

namespace meshyard::http {

/// Why a head or a body's framing is refused.
enum class HeadError : std::uint8_t {
    None,
    BadStartLine,
    BadMethod,
    BadTarget,
    TargetTooLong,
    BadVersion,
    NotHttp, // another protocol's first line
    UnsupportedVersion,
    BadStatus,
    BareLineEnd, // CR without LF or LF without CR
    BadFieldName,
    SpaceBeforeColon,
    FoldedLine,
    ControlInValue,
    TooManyFields,
    HeadTooLarge,
    MissingHost,
    DuplicateHost,
    BadHost,
    BadContentLength,
    DuplicateContentLength,
    LengthAndTransferEncoding,
    BadTransferEncoding,
    UnknownTransferEncoding,
    BadConnection,
    BadExpectation,
    BadChunk,
    BadTrailer,
};

/// The status a server answers with: 400, 414, 417, 431, 501 or 505. (A proxy answers 502 when the
/// upstream's head is at fault.)
int statusFor(HeadError error);
/// One lower-case English phrase for logs and bodies, e.g. "bare line end".
std::string_view describe(HeadError error);

struct ParseResult
{
    enum class State : std::uint8_t { Complete, Incomplete, Invalid };

    State state = State::Incomplete;
    HeadError error = HeadError::None;

    bool isComplete() const { return state == State::Complete; }
    bool isInvalid() const { return state == State::Invalid; }
    bool operator==(const ParseResult&) const = default;
};

/// Strict HTTP/1 head parser. Whatever two implementations could read differently is refused:
/// folded lines, bare CR or LF, controls, several lengths, a length beside a transfer coding.
///
/// Follows RFC 9112 and RFC 9110. Needs the head in one piece; feed it again with more bytes when
/// it is incomplete (the invalid is refused as soon as it shows). No state, never allocates.
class HeadParser final
{
public:
    explicit HeadParser(const HeadLimits& limits = {});

    /// Empty lines before the request line are skipped and counted in head.size().
    ParseResult parseRequest(std::string_view bytes, RequestHead& head) const;
    /// @param method of the request answered: HEAD and CONNECT change the framing.
    ParseResult parseResponse(std::string_view bytes, Method method, ResponseHead& head) const;

private:
    struct Line
    {
        ParseResult state;
        std::string_view text;
    };

    Line takeLine(std::string_view bytes, std::size_t from) const;
    HeadError requestLine(std::string_view line, std::size_t lineAt, RequestHead& head) const;
    HeadError target(std::string_view text, std::size_t textAt, RequestHead& head) const;
    HeadError absoluteTarget(std::string_view text, std::size_t textAt, RequestHead& head) const;
    HeadError statusLine(std::string_view line, std::size_t lineAt, ResponseHead& head) const;
    HeadError version(std::string_view text, MessageHead& head) const;
    ParseResult fieldLines(std::string_view bytes, std::size_t from, MessageHead& head) const;
    HeadError fieldLine(std::string_view line, std::size_t lineAt, MessageHead& head) const;
    HeadError connection(MessageHead& head) const;
    void nominate(std::string_view name, MessageHead& head) const;
    void dropLength(MessageHead& head) const;
    HeadError framing(MessageHead& head) const;
    HeadError host(RequestHead& head) const;

    const HeadLimits m_limits;
};

} // namespace meshyard::http
