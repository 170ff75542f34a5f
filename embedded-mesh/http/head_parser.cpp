// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/head_parser.h"

#include "embedded-mesh/http/field_rules.h"

#include <algorithm>

namespace meshyard::http {

namespace {

constexpr std::size_t kMaxMethod = 32;
constexpr std::size_t kMaxConnectionOptions = 32;
constexpr std::size_t kMaxEmptyLines = 4;

ParseResult invalid(HeadError error)
{
    return {ParseResult::State::Invalid, error};
}

constexpr ParseResult kComplete{ParseResult::State::Complete, HeadError::None};
constexpr ParseResult kIncomplete{ParseResult::State::Incomplete, HeadError::None};

/// Fields that no Connection option may take away: losing them would change what a message means.
bool mayBeNominated(KnownHeader known)
{
    switch (known) {
    case KnownHeader::Host:
    case KnownHeader::ContentLength:
    case KnownHeader::Authorization:
    case KnownHeader::XMeshyardPeer:
        return false;
    default:
        return true;
    }
}

/// The authority-form of CONNECT: both parts must be there.
bool isHostAndPort(std::string_view text)
{
    const std::size_t colon = text.rfind(':');
    return isAuthority(text) && colon != std::string_view::npos && colon != 0
        && colon + 1 < text.size() && text.back() != ']';
}

bool sameName(std::string_view a, std::string_view b)
{
    return std::ranges::equal(a, b, [](char x, char y) { return (x | 0x20) == (y | 0x20); });
}

} // namespace

HeadParser::HeadParser(const HeadLimits& limits)
    : m_limits{std::min<std::size_t>(limits.bytes, 65535),
          std::min(limits.fields, MessageHead::kMaxFields), limits.target}
{
}

HeadParser::Line HeadParser::takeLine(std::string_view bytes, std::size_t from) const
{
    const std::string_view rest = bytes.substr(from);
    const std::size_t end = findControl(rest);
    if (end == std::string_view::npos || (rest[end] == '\r' && end + 1 == rest.size())) {
        if (bytes.size() >= m_limits.bytes)
            return {invalid(HeadError::HeadTooLarge), {}};
        return {kIncomplete, rest.substr(0, end)};
    }
    if (rest[end] == '\r' && rest[end + 1] == '\n') {
        if (from + end + 2 > m_limits.bytes)
            return {invalid(HeadError::HeadTooLarge), {}};
        return {kComplete, rest.substr(0, end)};
    }
    const bool lineEnd = rest[end] == '\r' || rest[end] == '\n';
    return {invalid(lineEnd ? HeadError::BareLineEnd : HeadError::ControlInValue), {}};
}

ParseResult HeadParser::parseRequest(std::string_view bytes, RequestHead& head) const
{
    std::size_t start = 0;
    while (start < 2 * kMaxEmptyLines && bytes.substr(start).starts_with("\r\n"))
        start += 2;
    head.reset(bytes.data());
    const Line line = takeLine(bytes, start);
    if (line.text.size() > m_limits.target + kMaxMethod + 10
        || (line.state.error == HeadError::HeadTooLarge))
        return invalid(HeadError::TargetTooLong);
    // A TLS hello or other noise is refused at its first byte, not when the timer runs out.
    if (!line.text.empty() && !isTokenChar(line.text.front()))
        return invalid(HeadError::BadMethod);
    if (!line.state.isComplete())
        return line.state;
    if (const HeadError error = requestLine(line.text, start, head); error != HeadError::None)
        return invalid(error);
    const ParseResult fields = fieldLines(bytes, start + line.text.size() + 2, head);
    if (!fields.isComplete())
        return fields;
    for (const auto check : {&HeadParser::connection, &HeadParser::framing}) {
        if (const HeadError error = (this->*check)(head); error != HeadError::None)
            return invalid(error);
    }
    const HeadError error = host(head);
    return error == HeadError::None ? kComplete : invalid(error);
}

ParseResult HeadParser::parseResponse(
    std::string_view bytes, Method method, ResponseHead& head) const
{
    head.reset(bytes.data());
    const Line line = takeLine(bytes, 0);
    if (!line.state.isComplete()) {
        // A page without a head or another protocol: no need to wait for the end of its line.
        constexpr std::string_view kProtocol = "HTTP/1.";
        const std::string_view begun = line.text.substr(0, kProtocol.size());
        return kProtocol.starts_with(begun) ? line.state : invalid(HeadError::BadStartLine);
    }
    if (const HeadError error = statusLine(line.text, 0, head); error != HeadError::None)
        return invalid(error);
    const ParseResult fields = fieldLines(bytes, line.text.size() + 2, head);
    if (!fields.isComplete())
        return fields;
    head.m_framing.kind = BodyKind::UntilClose;
    for (const auto check : {&HeadParser::connection, &HeadParser::framing}) {
        if (const HeadError error = (this->*check)(head); error != HeadError::None)
            return invalid(error);
    }
    const bool tunnel = method == Method::Connect && head.m_status / 100 == 2;
    if (method == Method::Head || head.m_status < 200 || head.m_status == 204
        || head.m_status == 304 || tunnel)
        head.m_framing = {};
    if (head.m_framing.kind == BodyKind::UntilClose)
        head.m_keepAlive = false;
    // RFC 9110 8.6: none of these has a length; passed on, it would be waited for.
    if (head.m_status < 200 || head.m_status == 204 || tunnel)
        dropLength(head);
    return kComplete;
}

HeadError HeadParser::requestLine(
    std::string_view line, std::size_t lineAt, RequestHead& head) const
{
    const std::size_t methodEnd = line.find(' ');
    const std::size_t targetEnd = line.rfind(' ');
    if (methodEnd == std::string_view::npos || methodEnd == targetEnd)
        return HeadError::BadStartLine;
    const std::string_view method = line.substr(0, methodEnd);
    if (!isToken(method) || method.size() > kMaxMethod)
        return HeadError::BadMethod;
    if (const HeadError error = version(line.substr(targetEnd + 1), head); error != HeadError::None)
        return line.find("TTP") == std::string_view::npos
                && line.find("ttp") == std::string_view::npos
            ? HeadError::NotHttp
            : error;
    head.m_method = knownMethod(method);
    head.m_methodAt = lineAt;
    head.m_methodSize = method.size();
    return target(
        line.substr(methodEnd + 1, targetEnd - methodEnd - 1), lineAt + methodEnd + 1, head);
}

HeadError HeadParser::target(std::string_view text, std::size_t textAt, RequestHead& head) const
{
    if (text.size() > m_limits.target)
        return HeadError::TargetTooLong;
    if (text.empty() || !isTargetText(text))
        return HeadError::BadTarget;
    head.m_targetAt = head.m_pathAt = textAt;
    head.m_targetSize = head.m_pathSize = text.size();
    if (head.m_method == Method::Connect) {
        head.m_form = TargetForm::Authority;
        head.m_authorityAt = textAt;
        head.m_authoritySize = text.size();
        return isHostAndPort(text) ? HeadError::None : HeadError::BadTarget;
    }
    if (text.front() == '/')
        return HeadError::None;
    if (text == "*") {
        head.m_form = TargetForm::Asterisk;
        return head.m_method == Method::Options ? HeadError::None : HeadError::BadTarget;
    }
    return absoluteTarget(text, textAt, head);
}

HeadError HeadParser::absoluteTarget(
    std::string_view text, std::size_t textAt, RequestHead& head) const
{
    head.m_form = TargetForm::Absolute;
    const std::size_t schemeEnd = text.find("://");
    const std::string_view scheme = text.substr(0, std::min(schemeEnd, text.size()));
    if (schemeEnd == std::string_view::npos
        || (!equalsIgnoringCase(scheme, "http") && !equalsIgnoringCase(scheme, "https")))
        return HeadError::BadTarget;
    const std::string_view rest = text.substr(schemeEnd + 3);
    const std::size_t authorityEnd = std::min(rest.find_first_of("/?"), rest.size());
    const std::string_view authority = rest.substr(0, authorityEnd);
    if (authority.empty() || authority.front() == ':' || !isAuthority(authority))
        return HeadError::BadTarget;
    // "http://host?query" has no path to forward; nothing sane sends it.
    if (authorityEnd < rest.size() && rest[authorityEnd] == '?')
        return HeadError::BadTarget;
    head.m_authorityAt = textAt + schemeEnd + 3;
    head.m_authoritySize = authority.size();
    head.m_pathAt = head.m_authorityAt + authority.size();
    head.m_pathSize = rest.size() - authorityEnd;
    return HeadError::None;
}

HeadError HeadParser::version(std::string_view text, MessageHead& head) const
{
    const auto isDigit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.size() != 8 || !text.starts_with("HTTP/") || text[6] != '.' || !isDigit(text[5])
        || !isDigit(text[7]))
        return HeadError::BadVersion;
    if (text[5] != '1')
        return HeadError::UnsupportedVersion;
    head.m_minorVersion = text[7] == '0' ? 0 : 1; // RFC 9110 2.5: a higher minor is read as ours
    return HeadError::None;
}

HeadError HeadParser::statusLine(
    std::string_view line, std::size_t lineAt, ResponseHead& head) const
{
    if (line.size() < 12 || line[8] != ' ')
        return HeadError::BadStartLine;
    if (const HeadError error = version(line.substr(0, 8), head); error != HeadError::None)
        return error;
    const auto status = parseDecimal(line.substr(9, 3));
    if (!status || *status < 100 || *status > 599 || (line.size() > 12 && line[12] != ' '))
        return HeadError::BadStatus;
    head.m_status = static_cast<int>(*status);
    const std::size_t reasonAt = std::min<std::size_t>(line.size(), 13);
    head.m_reasonAt = lineAt + reasonAt;
    head.m_reasonSize = line.size() - reasonAt;
    return HeadError::None;
}

ParseResult HeadParser::fieldLines(
    std::string_view bytes, std::size_t from, MessageHead& head) const
{
    for (std::size_t at = from;;) {
        const Line line = takeLine(bytes, at);
        if (!line.state.isComplete())
            return line.state;
        if (line.text.empty()) {
            head.m_size = at + 2;
            return kComplete;
        }
        if (head.m_fieldCount == m_limits.fields)
            return invalid(HeadError::TooManyFields);
        if (const HeadError error = fieldLine(line.text, at, head); error != HeadError::None)
            return invalid(error);
        at += line.text.size() + 2;
    }
}

HeadError HeadParser::fieldLine(std::string_view line, std::size_t lineAt, MessageHead& head) const
{
    if (line.front() == ' ' || line.front() == '\t')
        return HeadError::FoldedLine;
    std::size_t nameSize = 0;
    while (nameSize < line.size() && isTokenChar(line[nameSize]))
        ++nameSize;
    if (nameSize == 0 || nameSize == line.size())
        return HeadError::BadFieldName;
    if (line[nameSize] != ':') {
        const bool space = line[nameSize] == ' ' || line[nameSize] == '\t';
        return space ? HeadError::SpaceBeforeColon : HeadError::BadFieldName;
    }
    const std::string_view value = trimmed(line.substr(nameSize + 1));
    Field& field = head.m_fields[head.m_fieldCount++];
    field.nameAt = static_cast<std::uint16_t>(lineAt);
    field.nameSize = static_cast<std::uint16_t>(nameSize);
    field.valueAt = static_cast<std::uint16_t>(value.data() - head.m_base);
    field.valueSize = static_cast<std::uint16_t>(value.size());
    field.known = knownHeader(line.substr(0, nameSize));
    field.hopByHop = isHopByHop(field.known);
    return HeadError::None;
}

HeadError HeadParser::connection(MessageHead& head) const
{
    head.m_keepAlive = head.m_minorVersion >= 1;
    bool close = false;
    bool upgrade = false;
    std::size_t options = 0;
    for (const Field& field : head.fields()) {
        if (field.known != KnownHeader::Connection)
            continue;
        std::string_view list = head.value(field);
        while (const auto option = nextListElement(list)) {
            if (!isToken(*option) || ++options > kMaxConnectionOptions)
                return HeadError::BadConnection;
            if (equalsIgnoringCase(*option, "close")) {
                close = true;
            } else if (equalsIgnoringCase(*option, "keep-alive")) {
                head.m_keepAlive = true;
            } else if (equalsIgnoringCase(*option, "upgrade")) {
                upgrade = true;
            } else {
                nominate(*option, head);
            }
        }
    }
    if (close)
        head.m_keepAlive = false;
    head.m_wantsUpgrade = upgrade && head.find(KnownHeader::Upgrade).has_value();
    return HeadError::None;
}

void HeadParser::nominate(std::string_view name, MessageHead& head) const
{
    for (std::size_t i = 0; i < head.m_fieldCount; ++i) {
        Field& field = head.m_fields[i];
        if (mayBeNominated(field.known) && sameName(head.name(field), name))
            field.hopByHop = true;
    }
}

void HeadParser::dropLength(MessageHead& head) const
{
    for (std::size_t i = 0; i < head.m_fieldCount; ++i) {
        if (head.m_fields[i].known == KnownHeader::ContentLength)
            head.m_fields[i].hopByHop = true;
    }
}

HeadError HeadParser::framing(MessageHead& head) const
{
    bool coded = false;
    bool chunkedLast = false;
    bool unknownCoding = false;
    std::optional<std::uint64_t> length;
    for (const Field& field : head.fields()) {
        if (field.known == KnownHeader::ContentLength) {
            // RFC 9110 8.6 lets equal copies pass; refusing them leaves nothing to misread.
            if (length)
                return HeadError::DuplicateContentLength;
            length = parseDecimal(head.value(field));
            if (!length)
                return HeadError::BadContentLength;
        } else if (field.known == KnownHeader::TransferEncoding) {
            coded = true;
            std::string_view list = head.value(field);
            if (list.empty())
                return HeadError::BadTransferEncoding;
            while (const auto coding = nextListElement(list)) {
                if (chunkedLast || !isToken(*coding)) // nothing may follow "chunked"
                    return HeadError::BadTransferEncoding;
                chunkedLast = equalsIgnoringCase(*coding, "chunked");
                unknownCoding = unknownCoding || !chunkedLast;
            }
        }
    }
    if (length)
        head.m_framing = {BodyKind::Length, *length};
    if (!coded)
        return HeadError::None;
    if (length)
        return HeadError::LengthAndTransferEncoding;
    if (head.m_minorVersion == 0 || !chunkedLast)
        return HeadError::BadTransferEncoding;
    if (unknownCoding)
        return HeadError::UnknownTransferEncoding;
    head.m_framing = {BodyKind::Chunked, 0};
    return HeadError::None;
}

HeadError HeadParser::host(RequestHead& head) const
{
    const Field* found = nullptr;
    for (const Field& field : head.fields()) {
        if (field.known == KnownHeader::Expect) {
            if (!equalsIgnoringCase(head.value(field), "100-continue"))
                return HeadError::BadExpectation;
            head.m_expectsContinue = head.minorVersion() >= 1;
        }
        if (field.known != KnownHeader::Host)
            continue;
        if (found != nullptr)
            return HeadError::DuplicateHost;
        found = &field;
    }
    if (found == nullptr)
        return head.minorVersion() == 0 ? HeadError::None : HeadError::MissingHost;
    if (!isAuthority(head.value(*found)))
        return HeadError::BadHost;
    if (head.m_form == TargetForm::Origin || head.m_form == TargetForm::Asterisk) {
        head.m_authorityAt = found->valueAt;
        head.m_authoritySize = found->valueSize;
    }
    return HeadError::None;
}

} // namespace meshyard::http
