// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/grpc/grpc_message.h"

#include <fmt/format.h>

#include <algorithm>

namespace meshyard::workloads {

namespace {

constexpr std::size_t kPrefix = 5; // a flag and four bytes of length, the highest first

} // namespace

std::string grpcFrame(std::string_view message)
{
    std::string frame(1, '\0'); // not compressed
    for (int shift = 24; shift >= 0; shift -= 8)
        frame.push_back(static_cast<char>((message.size() >> shift) & 0xff));
    return frame.append(message);
}

Result<std::string_view> grpcUnframed(std::string_view body)
{
    if (body.size() < kPrefix)
        return failure(ErrorCode::InvalidArgument, "no message");
    if (body.front() != '\0')
        return failure(ErrorCode::InvalidArgument, "the message is compressed");
    std::size_t size = 0;
    for (std::size_t i = 1; i < kPrefix; ++i)
        size = size << 8 | static_cast<unsigned char>(body[i]);
    if (body.size() != kPrefix + size)
        return failure(ErrorCode::InvalidArgument, "not exactly one message");
    return body.substr(kPrefix);
}

std::string grpcTimeoutText(Duration timeout)
{
    constexpr std::int64_t kMost = 99'999'999;
    const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(timeout).count();
    if (micros <= kMost)
        return fmt::format("{}u", std::max<std::int64_t>(micros, 0));
    return micros / 1000 <= kMost ? fmt::format("{}m", micros / 1000)
                                  : fmt::format("{}S", std::min(micros / 1'000'000, kMost));
}

} // namespace meshyard::workloads
