// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/base64url.h"

#include <cstdint>

namespace meshyard::proxy {

namespace {

constexpr std::string_view kDigits
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

int digitValue(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '-')
        return 62;
    return c == '_' ? 63 : -1;
}

} // namespace

std::optional<std::string> decodeBase64Url(std::string_view text)
{
    if (text.size() % 4 == 1)
        return std::nullopt;
    std::string bytes;
    bytes.reserve(text.size() * 3 / 4);
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : text) {
        const int value = digitValue(c);
        if (value < 0)
            return std::nullopt;
        bits = (bits << 6) | static_cast<std::uint32_t>(value);
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes.push_back(static_cast<char>((bits >> held) & 0xffU));
            bits &= (1U << held) - 1;
        }
    }
    if (bits != 0)
        return std::nullopt;
    return bytes;
}

std::string encodeBase64Url(std::string_view bytes, Base64Padding padding)
{
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    std::uint32_t bits = 0;
    int held = 0;
    for (const char c : bytes) {
        bits = (bits << 8) | static_cast<unsigned char>(c);
        held += 8;
        while (held >= 6) {
            held -= 6;
            text.push_back(kDigits[(bits >> held) & 63U]);
        }
    }
    if (held > 0)
        text.push_back(kDigits[(bits << (6 - held)) & 63U]);
    while (padding == Base64Padding::Padded && text.size() % 4 != 0)
        text.push_back('=');
    return text;
}

} // namespace meshyard::proxy
