// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

/// Grammar shared by heads, trailers, chunk lines and targets (RFC 9110 5, RFC 3986).
namespace meshyard::http {

/// A token character of RFC 9110 5.6.2.
bool isTokenChar(char c);
bool isToken(std::string_view text);

/// ASCII only. @param lower must be in lower case.
bool equalsIgnoringCase(std::string_view text, std::string_view lower);

/// Without leading and trailing spaces and tabs.
std::string_view trimmed(std::string_view text);

/// First byte that no field line may hold: a control other than tab, or DEL; npos if none.
/// So the end of a sound line is the first hit, and it is CR.
std::size_t findControl(std::string_view text);

/// Takes the next comma-separated element off `list`, trimmed; empty elements are skipped.
/// @return nullopt at the end.
std::optional<std::string_view> nextListElement(std::string_view& list);

/// True when a comma-separated list holds the token. @param lower in lower case.
bool listContains(std::string_view list, std::string_view lower);

/// 1*DIGIT that fits; nothing else, not even a sign or a space.
std::optional<std::uint64_t> parseDecimal(std::string_view text);

/// uri-host [":" port] of RFC 9110 7.2: no userinfo, a port of at most 65535. May be empty.
bool isAuthority(std::string_view text);

/// Only characters a URI may hold, each "%" with two hex digits; no fragment.
bool isTargetText(std::string_view text);

} // namespace meshyard::http
