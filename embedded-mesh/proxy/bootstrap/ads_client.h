// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/bootstrap/config_store.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/service/discovery/v3/ads.grpc.pb.h"

#include <grpcpp/channel.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace meshyard::proxy {

/// State-of-the-world ADS stream on a thread of its own. Acknowledges when the worker runs what
/// came, refuses with the reason else; asks for endpoints and routes as clusters and listeners
/// name them, and for listeners only once the clusters have their endpoints.
///
/// Follows xds_protocol.rst (ACK/NACK, warming order) and reference/xds.md §2.
class AdsClient final
{
public:
    using Apply = std::function<Result<void>(std::shared_ptr<const ConfigSnapshot>)>;

    /// @param store used by this object's thread alone, apart from what lock() guards.
    /// @param apply returns when the worker has swapped.
    /// @param changed called after each response that was taken; complete = nothing is warming.
    AdsClient(const Clock& clock, std::shared_ptr<grpc::Channel> channel,
        envoy::config::core::v3::Node node, ConfigStore& store, Apply apply,
        std::function<void(bool complete)> changed);
    ~AdsClient();
    AdsClient(const AdsClient&) = delete;
    AdsClient& operator=(const AdsClient&) = delete;

    /// For others who read the store.
    std::unique_lock<std::mutex> lock() { return std::unique_lock(m_storeMutex); }
    bool isConnected() const { return m_connected; }

private:
    using Request = envoy::service::discovery::v3::DiscoveryRequest;
    using Response = envoy::service::discovery::v3::DiscoveryResponse;
    using Stream = grpc::ClientReaderWriter<Request, Response>;

    struct Subscription
    {
        bool asked = false; // on this stream
        std::string version; // last accepted; survives the stream
        std::string nonce;
        std::set<std::string> names;
    };

    void run();
    void runStream(grpc::ClientContext& context);
    bool handle(Stream& stream, const Response& response);
    Result<void> take(const Response& response);
    bool subscribe(Stream& stream);
    bool ask(Stream& stream, std::string_view type, std::set<std::string> names);
    bool send(Stream& stream, std::string_view type, const std::string* error);
    bool pause(std::chrono::milliseconds time);

    const Clock& m_clock;
    std::unique_ptr<envoy::service::discovery::v3::AggregatedDiscoveryService::Stub> m_stub;
    const envoy::config::core::v3::Node m_node;
    ConfigStore& m_store;
    Apply m_apply;
    std::function<void(bool)> m_changed;
    std::map<std::string, Subscription, std::less<>> m_subscriptions;
    bool m_nodeSent = false;
    std::atomic<bool> m_connected{false};

    std::mutex m_storeMutex; // guards m_store against readers of other threads
    std::mutex m_mutex; // guards m_context, m_stopping
    std::condition_variable m_stopChanged;
    grpc::ClientContext* m_context = nullptr;
    bool m_stopping = false;

    std::thread m_thread;
};

} // namespace meshyard::proxy
