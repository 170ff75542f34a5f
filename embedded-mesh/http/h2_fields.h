// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <string_view>
#include <vector>

namespace meshyard::http {

/// HTTP/1.1 head text that we wrote ourselves, as fields for the codec. Views into the text: the
/// codec copies them, and lowers the case of the names, when it takes the list.
class H2Fields final
{
public:
    /// @param text "GET /path HTTP/1.1", field lines, empty line.
    /// @param protocol of an extended CONNECT in place of an HTTP/1 Upgrade; else empty.
    void setRequest(std::string_view text, bool secure, std::string_view protocol = {});
    /// @param text "HTTP/1.1 200 OK", field lines, empty line.
    void setResponse(std::string_view text);
    /// @param lines field lines with their CRLFs.
    void setTrailers(std::string_view lines);

    const nghttp2_nv* data() const { return m_fields.data(); }
    std::size_t size() const { return m_fields.size(); }

private:
    void add(std::string_view name, std::string_view value);
    void addLines(std::string_view lines, bool request);

    std::vector<nghttp2_nv> m_fields;
};

} // namespace meshyard::http
