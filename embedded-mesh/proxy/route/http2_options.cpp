// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/http2_options.h"

#include "embedded-mesh/core/result.h"

#include "envoy/config/core/v3/protocol.pb.h"

namespace meshyard::proxy {

namespace {

constexpr std::uint32_t kMaxWindow = 0x7fffffff;
constexpr std::uint32_t kMinWindow = 65535;

Result<void> takeWindow(
    bool has, const google::protobuf::UInt32Value& wrapper, const char* name, std::uint32_t& value)
{
    if (!has)
        return {};
    if (wrapper.value() < kMinWindow || wrapper.value() > kMaxWindow)
        return failure(
            ErrorCode::InvalidArgument, std::string(name) + " must be 65535..2147483647");
    value = wrapper.value();
    return {};
}

} // namespace

Result<http::H2Options> http2OptionsFrom(const envoy::config::core::v3::Http2ProtocolOptions& proto)
{
    http::H2Options options;
    if (proto.has_max_concurrent_streams()) {
        options.maxConcurrentStreams = proto.max_concurrent_streams().value();
        if (options.maxConcurrentStreams == 0 || options.maxConcurrentStreams > kMaxWindow)
            return failure(ErrorCode::InvalidArgument, "max_concurrent_streams must be 1..2147483647");
    }
    if (auto done = takeWindow(proto.has_initial_stream_window_size(),
            proto.initial_stream_window_size(), "initial_stream_window_size", options.streamWindow);
        !done)
        return tl::unexpected(done.error());
    if (auto done = takeWindow(proto.has_initial_connection_window_size(),
            proto.initial_connection_window_size(), "initial_connection_window_size",
            options.connectionWindow);
        !done)
        return tl::unexpected(done.error());
    if (proto.has_hpack_table_size())
        options.headerTable = proto.hpack_table_size().value();
    options.extendedConnect = proto.allow_connect();
    return options;
}

} // namespace meshyard::proxy
