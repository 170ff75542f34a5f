// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/h2_fields.h"

#include "embedded-mesh/http/known_header.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace meshyard::http {

namespace {

/// @return the line without its CRLF, which is taken off `text` too.
std::string_view takeLine(std::string_view& text)
{
    const void* const found = text.empty() ? nullptr : std::memchr(text.data(), '\r', text.size());
    if (found == nullptr)
        return std::exchange(text, {});
    const auto size = static_cast<std::size_t>(static_cast<const char*>(found) - text.data());
    const std::string_view line = text.substr(0, size);
    text.remove_prefix(std::min(size + 2, text.size()));
    return line;
}

} // namespace

void H2Fields::add(std::string_view name, std::string_view value)
{
    // The codec's structure is not const correct; it only reads.
    nghttp2_nv field{};
    field.name = reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data()));
    field.namelen = name.size();
    field.value = reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data()));
    field.valuelen = value.size();
    field.flags = NGHTTP2_NV_FLAG_NONE;
    m_fields.push_back(field);
}

void H2Fields::addLines(std::string_view lines, bool request)
{
    while (!lines.empty()) {
        const std::string_view line = takeLine(lines);
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos)
            return; // the empty line
        const std::string_view name = line.substr(0, colon);
        std::string_view value = line.substr(colon + 1);
        if (!value.empty() && value.front() == ' ')
            value.remove_prefix(1);
        const KnownHeader known = knownHeader(name);
        if (known == KnownHeader::Te && request) {
            add(name, value); // only "trailers" is ever written
            continue;
        }
        if (isHopByHop(known) || (request && known == KnownHeader::Host))
            continue;
        add(name, value);
    }
}

void H2Fields::setRequest(std::string_view text, bool secure, std::string_view protocol)
{
    m_fields.clear();
    const std::string_view start = takeLine(text);
    const std::size_t methodEnd = start.find(' ');
    const std::size_t targetEnd = start.rfind(' ');
    const std::string_view method = start.substr(0, methodEnd);
    const std::string_view target = start.substr(methodEnd + 1, targetEnd - methodEnd - 1);
    std::string_view rest = text;
    const std::string_view host = takeLine(rest); // "host: …" is always the first
    const std::string_view authority = host.substr(std::min<std::size_t>(host.size(), 6));
    const bool connect = method == "CONNECT";
    add(":method", protocol.empty() ? method : std::string_view("CONNECT"));
    if (!protocol.empty())
        add(":protocol", protocol);
    if (!connect || !protocol.empty()) {
        add(":scheme", secure ? "https" : "http");
        add(":path", target);
    }
    add(":authority", authority);
    addLines(rest, true);
}

void H2Fields::setResponse(std::string_view text)
{
    m_fields.clear();
    const std::string_view start = takeLine(text);
    add(":status", start.substr(std::min<std::size_t>(start.size(), 9), 3));
    addLines(text, false);
}

void H2Fields::setTrailers(std::string_view lines)
{
    m_fields.clear();
    addLines(lines, false);
}

} // namespace meshyard::http
