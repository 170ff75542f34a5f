// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/message.h"

#include "embedded-mesh/http/field_rules.h"

#include <algorithm>
#include <charconv>

namespace meshyard::http {

std::optional<std::string_view> findHeader(const HeaderList& headers, std::string_view lower)
{
    for (const auto& [name, value] : headers) {
        if (equalsIgnoringCase(name, lower))
            return value;
    }
    return std::nullopt;
}

Response textResponse(int status, std::string body)
{
    return {status, {{"content-type", "text/plain; charset=utf-8"}}, std::move(body)};
}

Response jsonResponse(int status, std::string body)
{
    return {status, {{"content-type", "application/json"}}, std::move(body)};
}

std::string_view reasonPhrase(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 204:
        return "No Content";
    case 301:
        return "Moved Permanently";
    case 302:
        return "Found";
    case 304:
        return "Not Modified";
    case 307:
        return "Temporary Redirect";
    case 308:
        return "Permanent Redirect";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 413:
        return "Content Too Large";
    case 414:
        return "URI Too Long";
    case 417:
        return "Expectation Failed";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "";
    }
}

std::string percentDecoded(std::string_view text)
{
    std::string decoded;
    decoded.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned value = 0;
        const char* const hex = text.data() + i + 1;
        if (text[i] == '%' && i + 2 < text.size()
            && std::from_chars(hex, hex + 2, value, 16).ptr == hex + 2) {
            decoded += static_cast<char>(value);
            i += 2;
        } else {
            decoded += text[i] == '+' ? ' ' : text[i];
        }
    }
    return decoded;
}

std::optional<std::string> queryValue(std::string_view query, std::string_view name)
{
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (percentDecoded(pair.substr(0, equals)) == name)
            return percentDecoded(pair.substr(std::min(equals + 1, pair.size())));
    }
    return std::nullopt;
}

std::pair<std::string_view, std::string_view> splitTarget(std::string_view target)
{
    const std::size_t mark = std::min(target.find('?'), target.size());
    return {target.substr(0, mark), target.substr(std::min(mark + 1, target.size()))};
}

} // namespace meshyard::http
