// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/date_text.h"

#include <cstdio>

namespace meshyard::http {

std::string_view DateText::text(std::time_t now)
{
    if (now != m_second) {
        // Not strftime: it follows the locale.
        constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
        constexpr std::array kMonths
            = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
        std::tm parts{};
        ::gmtime_r(&now, &parts);
        std::snprintf(m_text.data(), m_text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
            kDays[static_cast<std::size_t>(parts.tm_wday) % 7], parts.tm_mday % 100,
            kMonths[static_cast<std::size_t>(parts.tm_mon) % 12], (parts.tm_year + 1900) % 10000,
            parts.tm_hour % 100, parts.tm_min % 100, parts.tm_sec % 100);
        m_second = now;
    }
    return {m_text.data(), m_text.size() - 1};
}

} // namespace meshyard::http
