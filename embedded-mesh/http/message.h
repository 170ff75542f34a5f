// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace meshyard::http {

/// Fields of the small client and server; the data path works on MessageHead instead.
using HeaderList = std::vector<std::pair<std::string, std::string>>;

/// Value of the first such field. @param lower in lower case.
std::optional<std::string_view> findHeader(const HeaderList& headers, std::string_view lower);

/// A whole response. Framing and connection fields are added by the one who sends it.
struct Response
{
    int status = 200;
    HeaderList headers;
    std::string body;
};

Response textResponse(int status, std::string body);
Response jsonResponse(int status, std::string body);

/// "Not Found"; "" for a status without one.
std::string_view reasonPhrase(int status);

/// Value of `name` in an "a=b&c" query, percent-decoded; nullopt = not there.
std::optional<std::string> queryValue(std::string_view query, std::string_view name);
/// Percent-decoding of a query part; "+" is a space; a malformed escape stays as it is.
std::string percentDecoded(std::string_view text);

/// "/a/b?c" → "/a/b" and "c".
std::pair<std::string_view, std::string_view> splitTarget(std::string_view target);

} // namespace meshyard::http
