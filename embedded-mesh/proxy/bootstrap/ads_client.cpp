// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/bootstrap/ads_client.h"

#include <spdlog/spdlog.h>

#include <random>

namespace meshyard::proxy {

AdsClient::AdsClient(const Clock& clock, std::shared_ptr<grpc::Channel> channel,
    envoy::config::core::v3::Node node, ConfigStore& store, Apply apply,
    std::function<void(bool complete)> changed)
    : m_clock(clock)
    , m_stub(envoy::service::discovery::v3::AggregatedDiscoveryService::NewStub(channel))
    , m_node(std::move(node))
    , m_store(store)
    , m_apply(std::move(apply))
    , m_changed(std::move(changed))
    , m_thread([this] { run(); })
{
}

AdsClient::~AdsClient()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        if (m_context != nullptr)
            m_context->TryCancel();
    }
    m_stopChanged.notify_all();
    m_thread.join();
}

bool AdsClient::pause(std::chrono::milliseconds time)
{
    std::unique_lock lock(m_mutex);
    return !m_stopChanged.wait_for(lock, time, [this] { return m_stopping; });
}

void AdsClient::run()
{
    std::minstd_rand random(std::random_device{}());
    std::chrono::milliseconds backOff(100);
    for (;;) {
        grpc::ClientContext context;
        context.set_wait_for_ready(true);
        {
            const std::lock_guard lock(m_mutex);
            if (m_stopping)
                return;
            m_context = &context;
        }
        const TimePoint begun = m_clock.now();
        runStream(context);
        m_connected = false;
        {
            const std::lock_guard lock(m_mutex);
            m_context = nullptr;
        }
        backOff = m_clock.now() - begun > std::chrono::seconds(5)
            ? std::chrono::milliseconds(100)
            : std::min(backOff * 2, std::chrono::milliseconds(2000));
        // Full jitter: a thousand proxies must not come back in one herd.
        if (!pause(std::chrono::milliseconds(random() % static_cast<unsigned>(backOff.count()))))
            return;
    }
}

void AdsClient::runStream(grpc::ClientContext& context)
{
    const auto stream = m_stub->StreamAggregatedResources(&context);
    m_nodeSent = false;
    for (auto& [type, subscription] : m_subscriptions) {
        subscription.asked = false;
        subscription.nonce.clear();
    }
    Response response;
    if (subscribe(*stream)) {
        while (stream->Read(&response)) {
            m_connected = true;
            if (!handle(*stream, response))
                break;
        }
    }
    const grpc::Status status = stream->Finish();
    spdlog::info("configuration stream ended: {}", status.error_message());
}

bool AdsClient::handle(Stream& stream, const Response& response)
{
    const auto found = m_subscriptions.find(response.type_url());
    if (found == m_subscriptions.end())
        return true; // never asked for: not ours to answer
    Subscription& subscription = found->second;
    subscription.nonce = response.nonce();
    const Result<void> taken = take(response);
    if (taken)
        subscription.version = response.version_info();
    else
        spdlog::warn("refused {}: {}", response.type_url(), taken.error().message);
    if (!send(stream, response.type_url(), taken ? nullptr : &taken.error().message)
        || !subscribe(stream))
        return false;
    const bool listenersKnown = !m_subscriptions[std::string(kListenerType)].version.empty();
    m_changed(listenersKnown && m_store.isComplete());
    return true;
}

Result<void> AdsClient::take(const Response& response)
{
    // Held until the workers have it: files of secrets change the store from elsewhere, and a
    // snapshot must not be overtaken by an older one.
    const std::lock_guard lock(m_storeMutex);
    const auto updated
        = m_store.update(response.type_url(), response.version_info(), response.resources());
    std::shared_ptr<const ConfigSnapshot> snapshot = updated ? m_store.snapshot() : nullptr;
    for (const std::string& warning : m_store.takeWarnings())
        spdlog::warn("{}", warning);
    return updated ? m_apply(std::move(snapshot)) : updated;
}

bool AdsClient::subscribe(Stream& stream)
{
    const std::set<std::string> endpoints = m_store.endpointNames();
    const std::set<std::string> routes = m_store.routeNames();
    const auto wildcard = [&](std::string_view type) {
        return m_subscriptions[std::string(type)].asked || ask(stream, type, {});
    };
    const auto named = [&](std::string_view type, const std::set<std::string>& names) {
        const Subscription& subscription = m_subscriptions[std::string(type)];
        const bool current = subscription.asked ? subscription.names == names : names.empty();
        return current || ask(stream, type, names);
    };
    if (!wildcard(kClusterType) || !wildcard(kOverrideType) || !named(kEndpointType, endpoints))
        return false;
    if (!named(kSecretType, m_store.secretNames()))
        return false;
    // Listeners open to traffic: not before there is somewhere to send it.
    const bool clustersReady
        = !m_subscriptions[std::string(kClusterType)].version.empty() && m_store.hasAllEndpoints();
    if (clustersReady && !wildcard(kListenerType))
        return false;
    return named(kRouteType, routes);
}

bool AdsClient::ask(Stream& stream, std::string_view type, std::set<std::string> names)
{
    Subscription& subscription = m_subscriptions[std::string(type)];
    subscription.asked = true;
    subscription.names = std::move(names);
    return send(stream, type, nullptr);
}

bool AdsClient::send(Stream& stream, std::string_view type, const std::string* error)
{
    const Subscription& subscription = m_subscriptions[std::string(type)];
    Request request;
    if (!std::exchange(m_nodeSent, true))
        *request.mutable_node() = m_node;
    request.set_type_url(std::string(type));
    request.set_version_info(subscription.version);
    request.set_response_nonce(subscription.nonce);
    for (const std::string& name : subscription.names)
        request.add_resource_names(name);
    if (error != nullptr) {
        request.mutable_error_detail()->set_code(static_cast<int>(ErrorCode::InvalidArgument));
        request.mutable_error_detail()->set_message(*error);
    }
    return stream.Write(request);
}

} // namespace meshyard::proxy
