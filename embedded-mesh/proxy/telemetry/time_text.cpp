// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/time_text.h"

#include <array>
#include <cstdio>
#include <ctime>

namespace meshyard::proxy {

namespace {

void appendDigits(std::int64_t number, int width, std::string& out)
{
    std::array<char, 24> digits;
    const int size = std::snprintf(
        digits.data(), digits.size(), "%0*lld", width, static_cast<long long>(number));
    out.append(digits.data(), static_cast<std::size_t>(size));
}

void appendFraction(std::int64_t nanos, std::size_t width, std::string& out)
{
    std::string digits;
    appendDigits(nanos, 9, digits);
    out.append(digits, 0, width);
}

/// One second's date and time are the same for many lines: kept per thread.
void appendIso(WallTime time, std::string& out)
{
    using std::chrono::seconds;
    static thread_local std::time_t cachedSecond = -1;
    static thread_local std::array<char, 32> cachedText{};
    const auto whole = std::chrono::floor<seconds>(time);
    const std::time_t second = std::chrono::system_clock::to_time_t(whole);
    if (second != cachedSecond) {
        std::tm broken{};
        ::gmtime_r(&second, &broken);
        std::strftime(cachedText.data(), cachedText.size(), "%Y-%m-%dT%H:%M:%S", &broken);
        cachedSecond = second;
    }
    out.append(cachedText.data()).append(".");
    appendDigits(
        std::chrono::duration_cast<std::chrono::milliseconds>(time - whole).count(), 3, out);
    out += 'Z';
}

} // namespace

void appendTime(WallTime time, std::string_view format, std::string& out)
{
    if (format.empty())
        return appendIso(time, out);
    const auto whole = std::chrono::floor<std::chrono::seconds>(time);
    const std::time_t second = std::chrono::system_clock::to_time_t(whole);
    const std::int64_t nanos
        = std::chrono::duration_cast<std::chrono::nanoseconds>(time - whole).count();
    std::string plain; // with our own conversions filled in
    for (std::size_t i = 0; i < format.size(); ++i) {
        const std::string_view rest = format.substr(i);
        if (rest.starts_with("%%")) {
            plain += "%%";
            ++i;
        } else if (rest.starts_with("%s")) {
            appendDigits(second, 1, plain);
            ++i;
        } else if (rest.starts_with("%f")) {
            appendFraction(nanos, 9, plain);
            ++i;
        } else if (rest.size() > 2 && rest[0] == '%' && rest[1] >= '1' && rest[1] <= '9'
            && rest[2] == 'f') {
            appendFraction(nanos, static_cast<std::size_t>(rest[1] - '0'), plain);
            i += 2;
        } else {
            plain += format[i];
        }
    }
    std::tm broken{};
    ::gmtime_r(&second, &broken);
    std::array<char, 256> text;
    out.append(text.data(), std::strftime(text.data(), text.size(), plain.c_str(), &broken));
}

} // namespace meshyard::proxy
