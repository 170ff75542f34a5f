// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/names.h"

#include <algorithm>
#include <string>

namespace meshyard::config {
namespace {

bool isLetterOrDigit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

} // namespace

bool isDnsName(std::string_view name)
{
    char last = '.';
    for (const char c : name) {
        if (!isLetterOrDigit(c) && c != '-' && c != '.')
            return false;
        if ((c == '-' || c == '.') && last == '.')
            return false;
        if (c == '.' && last == '-')
            return false;
        last = c;
    }
    return !name.empty() && isLetterOrDigit(name.back());
}

bool isHostPattern(std::string_view host)
{
    if (host == "*")
        return true;
    if (host.starts_with("*."))
        host.remove_prefix(2);
    std::string lower(host);
    std::ranges::transform(lower, lower.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return isDnsName(lower);
}

bool hostMatches(std::string_view pattern, std::string_view host)
{
    if (pattern == "*" || pattern == host)
        return true;
    return pattern.starts_with("*.") && host.size() >= pattern.size()
        && host.ends_with(pattern.substr(1));
}

} // namespace meshyard::config
