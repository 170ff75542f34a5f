// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_options.h"
#include "embedded-mesh/http/head_parser.h"

#include <string>

namespace meshyard::http {

/// Makes the heads that the rest of the program knows out of decoded HTTP/2 fields, without
/// parsing anything again: the text of field lines grows, and the offsets with it.
///
/// An extended CONNECT (RFC 8441) reads like the Upgrade of HTTP/1 that it stands for.
/// The codec has checked the grammar of names and values, pseudo-header fields and
/// connection-specific fields (RFC 9113 8.2, 8.3); this adds what a proxy must not forward.
class H2HeadBuilder final
{
public:
    enum class Kind : std::uint8_t { Request, Response, Trailers };

    void begin(Kind kind, const HeadLimits& limits);
    Kind kind() const { return m_kind; }
    /// What is wrong is remembered until the head is finished: the rest has to be decoded anyway.
    void add(std::string_view name, std::string_view value);
    /// Size of the list as RFC 9113 6.5.2 counts it, whatever was refused included.
    std::size_t listSize() const { return m_listSize; }

    /// @param ended nothing follows the head.
    HeadError finishRequest(bool ended);
    const RequestHead& request() const { return m_request; }
    /// @param method of the request answered.
    HeadError finishResponse(Method method, bool ended);
    const ResponseHead& response() const { return m_response; }
    /// Field lines with their CRLFs; what has no place in trailers is left out.
    std::string_view trailers() const { return m_text; }
    HeadError error() const { return m_error; }

private:
    void addPseudo(std::string_view name, std::string_view value);
    void addField(std::string_view name, std::string_view value);
    void addLine(
        MessageHead& head, std::string_view name, std::string_view value, KnownHeader known);
    void takeLength(std::string_view value, MessageHead& head);
    void addCookies(MessageHead& head);
    void makeUpgrade();
    void finish(MessageHead& head);
    HeadError checkTarget();
    void fail(HeadError error);

    Kind m_kind = Kind::Request;
    HeadError m_error = HeadError::None;
    HeadLimits m_limits;
    std::size_t m_listSize = 0;
    bool m_hasLength = false;
    bool m_hasProtocol = false;
    std::string m_text;
    std::string m_protocol; // of an extended CONNECT (RFC 8441)
    std::string m_cookies; // crumbs joined (RFC 9113 8.2.3)
    std::size_t m_protocolAt = 0;
    std::size_t m_hostAt = 0;
    std::size_t m_hostSize = 0;
    bool m_hasHost = false;
    RequestHead m_request;
    ResponseHead m_response;
};

} // namespace meshyard::http
