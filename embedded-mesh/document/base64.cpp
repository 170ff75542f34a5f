// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/field_reader.h"

#include <string_view>

namespace meshyard::document {
namespace {

constexpr std::string_view kAlphabet
    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<unsigned> digit(char c)
{
    if (c == '-')
        c = '+';
    if (c == '_')
        c = '/';
    const std::size_t pos = kAlphabet.find(c);
    return pos == std::string_view::npos ? std::nullopt : std::optional(static_cast<unsigned>(pos));
}

} // namespace

std::optional<std::string> decodeBase64(std::string_view text)
{
    while (text.ends_with('='))
        text.remove_suffix(1);
    std::string bytes;
    unsigned bits = 0;
    unsigned held = 0;
    for (const char c : text) {
        const auto value = digit(c);
        if (!value)
            return std::nullopt;
        bits = ((bits << 6U) | *value) & 0xFFFFU;
        held += 6;
        if (held >= 8) {
            held -= 8;
            bytes += static_cast<char>((bits >> held) & 0xFFU);
        }
    }
    return held >= 6 ? std::nullopt : std::optional(bytes);
}

std::string encodeBase64(std::string_view bytes)
{
    std::string text;
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        unsigned bits = 0;
        for (std::size_t k = 0; k < 3; ++k)
            bits = (bits << 8U) | (k < left ? static_cast<unsigned char>(bytes[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            text += k <= left ? kAlphabet[(bits >> (18U - 6U * k)) & 63U] : '=';
    }
    return text;
}

} // namespace meshyard::document
