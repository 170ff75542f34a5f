// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <ctime>
#include <string_view>

namespace meshyard::http {

/// The Date of messages that come without one (RFC 9110 6.6.1), written once a second.
///
/// Follows RFC 9110 5.6.7, IMF-fixdate. Not thread-safe.
class DateText final
{
public:
    /// "Sun, 06 Nov 1994 08:49:37 GMT"; valid until the next call.
    std::string_view text(std::time_t now);

private:
    std::time_t m_second = -1;
    std::array<char, 30> m_text{};
};

} // namespace meshyard::http
