// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/wire/frame_codec.h"
#include "embedded-mesh/core/result.h"

#include "meshyard/v1/observer.grpc.pb.h"

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/client_callback.h>

#include <condition_variable>
#include <functional>
#include <mutex>

namespace meshyard::wire {

/// One Watch call: decodes on gRPC's threads and keeps complete sets until they are taken.
///
/// Thread: construct, take and destroy on one thread. The destructor cancels and waits.
class WatchStream final : private grpc::ClientReadReactor<v1::MeshFrame>
{
public:
    struct Taken
    {
        std::vector<MeshFramePtr> frames;
        std::optional<Error> ended; // no more will come
    };

    /// @param wake called on a gRPC thread when something can be taken; not again until it is.
    WatchStream(const std::shared_ptr<grpc::Channel>& channel, std::string address,
        std::function<void()> wake);
    ~WatchStream() override;
    WatchStream(const WatchStream&) = delete;
    WatchStream& operator=(const WatchStream&) = delete;

    Taken take();

private:
    void OnReadDone(bool ok) override;
    void OnDone(const grpc::Status& status) override;
    void wakeOnce();

    const std::string m_address;
    const std::function<void()> m_wake;
    std::unique_ptr<v1::MeshObserver::Stub> m_stub;
    grpc::ClientContext m_context;
    v1::WatchRequest m_request;
    v1::MeshFrame m_message; // gRPC's between StartRead and OnReadDone
    FrameJoiner m_joiner; // of the reading thread

    std::mutex m_mutex; // guards the members below
    std::condition_variable m_finished;
    Taken m_mailbox;
    bool m_woken = false;
    bool m_done = false;
};

} // namespace meshyard::wire
