// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/mesh_address.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include <unistd.h>

namespace meshyard {

namespace {

constexpr std::size_t kLongestSocketPath = 107;

std::string variable(const char* name)
{
    const char* value = std::getenv(name);
    return value ? value : "";
}

} // namespace

std::string runFolder()
{
    const std::string base = variable("XDG_RUNTIME_DIR");
    return base.empty() ? fmt::format("/tmp/meshyard-{}", ::getuid()) : base + "/meshyard";
}

std::string meshAddress(const std::string& wanted)
{
    if (!wanted.empty())
        return wanted;
    const std::string given = variable("MESHYARD_ADDR");
    return given.empty() ? "unix:" + runFolder() + "/admin.sock" : given;
}

std::string historyFile()
{
    const std::string data = variable("XDG_DATA_HOME");
    return (data.empty() ? variable("HOME") + "/.local/share" : data) + "/meshyard/history.sqlite";
}

Result<std::string> grpcTarget(const std::string& address)
{
    constexpr std::string_view kUnix = "unix:";
    if (address.starts_with(kUnix)) {
        const std::size_t length = address.size() - kUnix.size();
        if (length == 0)
            return failure(ErrorCode::InvalidArgument, "the address unix: lacks a path");
        if (length > kLongestSocketPath)
            return failure(ErrorCode::InvalidArgument,
                fmt::format(
                    "the socket path of {} is longer than {} bytes; choose a shorter folder",
                    address, kLongestSocketPath));
        return address;
    }
    const std::size_t colon = address.rfind(':');
    unsigned port = 0;
    const char* end = address.data() + address.size();
    const auto parsed = colon == std::string::npos
        ? std::from_chars_result{nullptr, std::errc::invalid_argument}
        : std::from_chars(address.data() + colon + 1, end, port);
    if (colon == 0 || parsed.ec != std::errc() || parsed.ptr != end || port == 0 || port > 65535)
        return failure(ErrorCode::InvalidArgument,
            fmt::format("\"{}\" is no address; write unix:PATH or HOST:PORT", address));
    return "dns:///" + address;
}

} // namespace meshyard
