// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/h2_head_builder.h"

#include "embedded-mesh/http/field_rules.h"

#include <algorithm>
#include <utility>

namespace meshyard::http {

namespace {

constexpr std::size_t kFieldOverhead = 32; // RFC 9113 6.5.2
constexpr std::size_t kMaxKeptText = 4096;

/// Fields that would change framing, routing or meaning if they came after the content
/// (RFC 9110 6.5.1).
bool isForbiddenInTrailers(KnownHeader known)
{
    switch (known) {
    case KnownHeader::Authorization:
    case KnownHeader::ContentLength:
    case KnownHeader::ContentType:
    case KnownHeader::Cookie:
    case KnownHeader::Expect:
    case KnownHeader::Host:
    case KnownHeader::Trailer:
    case KnownHeader::XMeshyardPeer:
        return true;
    default:
        return isHopByHop(known);
    }
}

bool equalIgnoringCase(std::string_view a, std::string_view b)
{
    const auto lower
        = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

} // namespace

void H2HeadBuilder::begin(Kind kind, const HeadLimits& limits)
{
    m_kind = kind;
    m_error = HeadError::None;
    m_limits = limits;
    m_limits.bytes = std::min<std::size_t>(m_limits.bytes, 65535);
    m_limits.fields = std::min(m_limits.fields, MessageHead::kMaxFields);
    m_listSize = 0;
    m_hasLength = m_hasProtocol = m_hasHost = false;
    if (m_text.capacity() > kMaxKeptText)
        m_text.shrink_to_fit();
    m_text.clear();
    m_cookies.clear();
    if (kind == Kind::Request)
        m_request.reset(nullptr);
    else if (kind == Kind::Response)
        m_response.reset(nullptr);
}

void H2HeadBuilder::fail(HeadError error)
{
    if (m_error == HeadError::None)
        m_error = error;
}

void H2HeadBuilder::add(std::string_view name, std::string_view value)
{
    m_listSize += name.size() + value.size() + kFieldOverhead;
    if (m_error != HeadError::None)
        return;
    if (m_listSize > m_limits.bytes || m_text.size() + name.size() + value.size() + 8 > 65535)
        return fail(HeadError::HeadTooLarge);
    if (!name.empty() && name.front() == ':')
        return addPseudo(name, value);
    addField(name, value);
}

void H2HeadBuilder::addPseudo(std::string_view name, std::string_view value)
{
    const std::size_t at = m_text.size();
    if (m_kind == Kind::Response) {
        const auto status = parseDecimal(value);
        if (name != ":status" || value.size() != 3 || !status || *status < 100 || *status > 599)
            return fail(HeadError::BadStatus);
        m_response.m_status = static_cast<int>(*status);
        return;
    }
    m_text.append(value).push_back(' ');
    if (name == ":method") {
        m_request.m_methodAt = at;
        m_request.m_methodSize = value.size();
        m_request.m_method = knownMethod(value);
    } else if (name == ":path") {
        m_request.m_targetAt = m_request.m_pathAt = at;
        m_request.m_targetSize = m_request.m_pathSize = value.size();
    } else if (name == ":authority") {
        m_request.m_authorityAt = at;
        m_request.m_authoritySize = value.size();
    } else if (name == ":protocol") {
        m_hasProtocol = true;
        m_protocol = value;
        m_protocolAt = m_text.size();
        m_text.append("GET ");
    }
}

void H2HeadBuilder::addField(std::string_view name, std::string_view value)
{
    const KnownHeader known = knownHeader(name);
    if (m_kind == Kind::Trailers) {
        if (!isForbiddenInTrailers(known))
            m_text.append(name).append(": ").append(value).append("\r\n");
        return;
    }
    if (m_kind == Kind::Response) {
        if (known == KnownHeader::ContentLength)
            takeLength(value, m_response);
        return addLine(m_response, name, value, known);
    }
    if (known == KnownHeader::Cookie) {
        if (!m_cookies.empty())
            m_cookies.append("; ");
        m_cookies.append(value);
        return;
    }
    if (known == KnownHeader::ContentLength)
        takeLength(value, m_request);
    if (known == KnownHeader::Host && std::exchange(m_hasHost, true))
        return fail(HeadError::DuplicateHost);
    if (known == KnownHeader::Expect) {
        if (!equalsIgnoringCase(value, "100-continue"))
            return fail(HeadError::BadExpectation);
        m_request.m_expectsContinue = true;
    }
    addLine(m_request, name, value, known);
    if (known == KnownHeader::Host) {
        m_hostSize = value.size();
        m_hostAt = m_text.size() - 2 - m_hostSize;
    }
}

void H2HeadBuilder::takeLength(std::string_view value, MessageHead& head)
{
    const auto length = parseDecimal(value);
    if (!length)
        return fail(HeadError::BadContentLength);
    if (std::exchange(m_hasLength, true))
        return fail(HeadError::DuplicateContentLength);
    head.m_framing = {BodyKind::Length, *length};
}

void H2HeadBuilder::addLine(
    MessageHead& head, std::string_view name, std::string_view value, KnownHeader known)
{
    if (head.m_fieldCount == m_limits.fields)
        return fail(HeadError::TooManyFields);
    Field& field = head.m_fields[head.m_fieldCount++];
    // The first line begins behind the pseudo-header fields, on a line of its own.
    field.nameAt = static_cast<std::uint16_t>(m_text.size());
    field.nameSize = static_cast<std::uint16_t>(name.size());
    field.valueAt = static_cast<std::uint16_t>(m_text.size() + name.size() + 2);
    field.valueSize = static_cast<std::uint16_t>(value.size());
    field.known = known;
    field.hopByHop = isHopByHop(known);
    m_text.append(name).append(": ").append(value).append("\r\n");
}

void H2HeadBuilder::addCookies(MessageHead& head)
{
    if (m_cookies.empty())
        return;
    if (m_text.size() + m_cookies.size() + 16 > 65535)
        return fail(HeadError::HeadTooLarge);
    addLine(head, "cookie", m_cookies, KnownHeader::Cookie);
}

void H2HeadBuilder::finish(MessageHead& head)
{
    m_text.append("\r\n");
    head.m_size = m_text.size();
    head.rebase(m_text.data());
}

HeadError H2HeadBuilder::checkTarget()
{
    RequestHead& head = m_request;
    if (!isToken(head.methodText()))
        return HeadError::BadMethod;
    if (m_hasHost) {
        const std::string_view host = head.at(m_hostAt, m_hostSize);
        // RFC 9113 8.3.1: two names for where the request goes must be one.
        if (head.m_authoritySize != 0 && !equalIgnoringCase(host, head.authority()))
            return HeadError::BadHost;
        if (head.m_authoritySize == 0) {
            head.m_authorityAt = m_hostAt;
            head.m_authoritySize = m_hostSize;
        }
    }
    if (head.m_authoritySize == 0 || !isAuthority(head.authority()))
        return HeadError::BadHost;
    if (head.m_method == Method::Connect) {
        head.m_form = TargetForm::Authority;
        head.m_targetAt = head.m_pathAt = head.m_authorityAt;
        head.m_targetSize = head.m_pathSize = head.m_authoritySize;
        return HeadError::None;
    }
    if (head.m_targetSize > m_limits.target)
        return HeadError::TargetTooLong;
    const std::string_view target = head.target();
    if (target == "*") {
        head.m_form = TargetForm::Asterisk;
        return head.m_method == Method::Options ? HeadError::None : HeadError::BadTarget;
    }
    return target.starts_with('/') && isTargetText(target) ? HeadError::None : HeadError::BadTarget;
}

void H2HeadBuilder::makeUpgrade()
{
    m_request.m_method = Method::Get;
    m_request.m_methodAt = m_protocolAt; // room was made there
    m_request.m_methodSize = 3;
    addLine(m_request, "connection", "upgrade", KnownHeader::Connection);
    addLine(m_request, "upgrade", m_protocol, KnownHeader::Upgrade);
    m_request.m_wantsUpgrade = true;
}

HeadError H2HeadBuilder::finishRequest(bool ended)
{
    addCookies(m_request);
    if (m_hasProtocol)
        makeUpgrade();
    const bool sendsContent = m_request.m_method == Method::Post
        || m_request.m_method == Method::Put || m_request.m_method == Method::Patch;
    if (ended && sendsContent && !m_hasLength) // RFC 9110 8.6: an HTTP/1 server wants to see it
        addLine(m_request, "content-length", "0", KnownHeader::ContentLength);
    finish(m_request);
    if (ended || m_hasProtocol || m_request.m_method == Method::Connect)
        m_request.m_framing = {};
    else if (!m_hasLength)
        m_request.m_framing = {BodyKind::Chunked, 0};
    if (m_error == HeadError::None)
        fail(checkTarget());
    return m_error;
}

HeadError H2HeadBuilder::finishResponse(Method method, bool ended)
{
    finish(m_response);
    const int status = m_response.m_status;
    if (ended || method == Method::Head || status < 200 || status == 204 || status == 304)
        m_response.m_framing = {};
    else if (!m_hasLength)
        m_response.m_framing = {BodyKind::UntilClose, 0};
    return m_error;
}

} // namespace meshyard::http
