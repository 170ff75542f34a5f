// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/field_rules.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace meshyard::http {

namespace {

enum CharClass : std::uint8_t { Token = 1, Target = 2, RegName = 4, Hex = 8 };

constexpr bool isAlnum(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

constexpr auto kClasses = [] {
    constexpr std::string_view kTokenMarks = "!#$%&'*+-.^_`|~";
    constexpr std::string_view kRegNameMarks = "-._~!$&'()*+,;=";
    constexpr std::string_view kTargetMarks = "-._~!$&'()*+,;=:@/?[]";
    constexpr std::string_view kHexLetters = "abcdefABCDEF";
    std::array<std::uint8_t, 256> classes{};
    for (int c = 0; c < 256; ++c) {
        const char symbol = static_cast<char>(c);
        unsigned bits = 0;
        if (isAlnum(c) || kTokenMarks.find(symbol) != std::string_view::npos)
            bits |= Token;
        if (isAlnum(c) || kRegNameMarks.find(symbol) != std::string_view::npos)
            bits |= RegName;
        if (isAlnum(c) || kTargetMarks.find(symbol) != std::string_view::npos)
            bits |= Target;
        if ((c >= '0' && c <= '9') || kHexLetters.find(symbol) != std::string_view::npos)
            bits |= Hex;
        classes[static_cast<std::size_t>(c)] = static_cast<std::uint8_t>(bits);
    }
    return classes;
}();

bool has(char c, CharClass wanted)
{
    return (kClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}

/// Each character is of the class, or begins "%" HEXDIG HEXDIG.
bool isPercentText(std::string_view text, CharClass allowed)
{
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (has(text[i], allowed))
            continue;
        if (text[i] != '%' || i + 2 >= text.size() || !has(text[i + 1], Hex)
            || !has(text[i + 2], Hex))
            return false;
        i += 2;
    }
    return true;
}

bool isIpv6Literal(std::string_view text)
{
    std::array<char, INET6_ADDRSTRLEN + 1> copy{};
    if (text.empty() || text.size() >= copy.size())
        return false;
    std::ranges::copy(text, copy.begin());
    in6_addr parsed{};
    return ::inet_pton(AF_INET6, copy.data(), &parsed) == 1;
}

bool isPortSuffix(std::string_view text) // "" or ":" *DIGIT
{
    if (text.empty() || text == ":")
        return true;
    const auto port = text.front() == ':' ? parseDecimal(text.substr(1)) : std::nullopt;
    return port && *port <= 65535;
}

bool isForbiddenControl(char c)
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

} // namespace

bool isTokenChar(char c)
{
    return has(c, Token);
}

bool isToken(std::string_view text)
{
    return !text.empty() && std::ranges::all_of(text, isTokenChar);
}

bool equalsIgnoringCase(std::string_view text, std::string_view lower)
{
    if (text.size() != lower.size())
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
        if (folded != lower[i])
            return false;
    }
    return true;
}

std::string_view trimmed(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

std::size_t findControl(std::string_view text)
{
    std::size_t i = 0;
#ifdef __SSE2__
    const __m128i lastControl = _mm_set1_epi8(0x1f);
    const __m128i tab = _mm_set1_epi8('\t');
    const __m128i del = _mm_set1_epi8(0x7f);
    for (; i + 16 <= text.size(); i += 16) {
        const auto* at = reinterpret_cast<const __m128i*>(text.data() + i);
        const __m128i bytes = _mm_loadu_si128(at);
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, lastControl), bytes);
        const __m128i bad = _mm_or_si128(
            _mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), low), _mm_cmpeq_epi8(bytes, del));
        const int mask = _mm_movemask_epi8(bad);
        if (mask != 0)
            return i + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
    }
#endif
    for (; i < text.size(); ++i) {
        if (isForbiddenControl(text[i]))
            return i;
    }
    return std::string_view::npos;
}

std::optional<std::string_view> nextListElement(std::string_view& list)
{
    while (!list.empty()) {
        const std::size_t comma = std::min(list.find(','), list.size());
        const std::string_view element = trimmed(list.substr(0, comma));
        list.remove_prefix(std::min(comma + 1, list.size()));
        if (!element.empty())
            return element;
    }
    return std::nullopt;
}

bool listContains(std::string_view list, std::string_view lower)
{
    while (const auto element = nextListElement(list)) {
        if (equalsIgnoringCase(*element, lower))
            return true;
    }
    return false;
}

std::optional<std::uint64_t> parseDecimal(std::string_view text)
{
    std::uint64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (text.empty() || error != std::errc() || stop != end)
        return std::nullopt;
    return value;
}

bool isAuthority(std::string_view text)
{
    if (text.starts_with('[')) {
        const std::size_t close = text.find(']');
        return close != std::string_view::npos && isIpv6Literal(text.substr(1, close - 1))
            && isPortSuffix(text.substr(close + 1));
    }
    const std::size_t colon = std::min(text.find(':'), text.size());
    return isPercentText(text.substr(0, colon), RegName) && isPortSuffix(text.substr(colon));
}

bool isTargetText(std::string_view text)
{
    return isPercentText(text, Target);
}

} // namespace meshyard::http
