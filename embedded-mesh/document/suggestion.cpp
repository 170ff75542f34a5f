// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/suggestion.h"

#include <algorithm>
#include <array>

namespace meshyard::document {
namespace {

char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Optimal string alignment distance: insert, delete, replace, swap neighbours.
std::size_t distance(std::string_view a, std::string_view b)
{
    std::vector<std::size_t> beforeLast(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0U : 1U)});
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2])
                && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = std::min(row[j], beforeLast[j - 2] + 1);
        }
        std::swap(beforeLast, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

} // namespace

std::string nearest(std::string_view typed, const std::vector<std::string>& candidates)
{
    std::string best;
    if (typed.size() > 60)
        return best;
    std::size_t bestDistance = std::max<std::size_t>(1, typed.size() / 3) + 1;
    for (const auto& candidate : candidates) {
        const std::size_t d = distance(typed, candidate);
        if (d < bestDistance) {
            bestDistance = d;
            best = candidate;
        }
    }
    return best;
}

std::string didYouMean(std::string_view typed, const std::vector<std::string>& candidates)
{
    const std::string best = nearest(typed, candidates);
    return best.empty() ? std::string() : "; did you mean \"" + best + "\"?";
}

std::string quoted(std::string_view typed)
{
    static constexpr std::array<char, 17> kHex = {"0123456789abcdef"};
    std::string result = "\"";
    const bool cut = typed.size() > 60;
    std::size_t length = cut ? 60 : typed.size();
    while (cut && length > 0 && (static_cast<unsigned char>(typed[length]) & 0xC0U) == 0x80U)
        --length;
    for (const char c : typed.substr(0, length)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7F) {
            result += "\\x";
            result += kHex[byte >> 4U];
            result += kHex[byte & 15U];
        } else {
            result += c;
        }
    }
    return result + (cut ? "…\"" : "\"");
}

} // namespace meshyard::document
