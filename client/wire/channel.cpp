// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/wire/channel.h"

#include "client/mesh_address.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

namespace meshyard::wire {

namespace {

constexpr int kLargestMessage = 64 * 1024 * 1024; // answers; Watch frames are at most 1 MiB

constexpr int kHandshakePatienceMs
    = 3000; // what that argument bounds is one attempt; hosts get busy

} // namespace

Result<std::shared_ptr<grpc::Channel>> openChannel(const std::string& address)
{
    const Result<std::string> target = grpcTarget(address);
    if (!target)
        return tl::unexpected(target.error());
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
    arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, kHandshakePatienceMs);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
    arguments.SetMaxReceiveMessageSize(kLargestMessage);
    if (address.starts_with("unix:")) // else gRPC sends the escaped path, which servers refuse
        arguments.SetString(GRPC_ARG_DEFAULT_AUTHORITY, "localhost");
    return grpc::CreateCustomChannel(*target, grpc::InsecureChannelCredentials(), arguments);
}

} // namespace meshyard::wire
