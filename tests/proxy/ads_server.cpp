// SPDX-License-Identifier: GPL-3.0-or-later
#include "ads_server.h"

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include <thread>

using envoy::service::discovery::v3::DiscoveryRequest;
using envoy::service::discovery::v3::DiscoveryResponse;

class AdsServer::Ads : public envoy::service::discovery::v3::AggregatedDiscoveryService::Service
{
public:
    explicit Ads(AdsServer& owner)
        : m_owner(owner)
    {
    }

    grpc::Status StreamAggregatedResources(grpc::ServerContext*,
        grpc::ServerReaderWriter<DiscoveryResponse, DiscoveryRequest>* stream) override
    {
        bool over = false;
        {
            const std::lock_guard lock(m_owner.m_mutex);
            for (auto& [type, state] : m_owner.m_types) {
                state.subscribed = false;
                state.sentVersion.clear();
            }
        }
        std::thread reader([&] {
            DiscoveryRequest request;
            while (stream->Read(&request))
                take(request);
            const std::lock_guard lock(m_owner.m_mutex);
            over = true;
            m_owner.m_changed.notify_all();
        });
        std::unique_lock lock(m_owner.m_mutex);
        while (!over && !m_owner.m_stopping) {
            if (!sendNext(*stream, lock))
                m_owner.m_changed.wait(lock);
        }
        lock.unlock();
        reader.join();
        return grpc::Status::OK;
    }

private:
    void take(const DiscoveryRequest& request)
    {
        const std::lock_guard lock(m_owner.m_mutex);
        if (request.has_node())
            m_owner.m_nodeId = request.node().id();
        auto& state = m_owner.m_types[request.type_url()];
        const std::vector<std::string> names(
            request.resource_names().begin(), request.resource_names().end());
        if (!state.subscribed || names != state.names)
            state.sentVersion.clear(); // new names are answered even at the old version
        state.subscribed = true;
        state.names = names;
        if (!request.response_nonce().empty())
            state.answers[request.response_nonce()]
                = {request.version_info(), request.error_detail().message()};
        m_owner.m_changed.notify_all();
    }

    bool sendNext(grpc::ServerReaderWriter<DiscoveryResponse, DiscoveryRequest>& stream,
        std::unique_lock<std::mutex>& lock)
    {
        for (auto& [type, state] : m_owner.m_types) {
            if (!state.subscribed || state.version.empty() || state.sentVersion == state.version)
                continue;
            DiscoveryResponse response;
            response.set_type_url(type);
            response.set_version_info(state.version);
            response.set_nonce(state.version);
            for (const Any& resource : state.resources)
                *response.add_resources() = resource;
            state.sentVersion = state.version;
            lock.unlock();
            stream.Write(response);
            lock.lock();
            return true;
        }
        return false;
    }

    AdsServer& m_owner;
};

class AdsServer::Reports : public meshyard::v1::Telemetry::Service
{
public:
    explicit Reports(AdsServer& owner)
        : m_owner(owner)
    {
    }

    grpc::Status Report(grpc::ServerContext*,
        grpc::ServerReaderWriter<meshyard::v1::ReportAck, meshyard::v1::ProxyReport>* stream)
        override
    {
        meshyard::v1::ProxyReport report;
        while (stream->Read(&report)) {
            meshyard::v1::ReportAck ack;
            ack.set_sequence(report.sequence());
            {
                const std::lock_guard lock(m_owner.m_mutex);
                m_owner.m_reports.push_back(report);
            }
            stream->Write(ack);
        }
        return grpc::Status::OK;
    }

private:
    AdsServer& m_owner;
};

AdsServer::AdsServer(int port)
    : m_ads(std::make_unique<Ads>(*this))
    , m_telemetry(std::make_unique<Reports>(*this))
{
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort(
        "127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(), &m_port);
    builder.RegisterService(m_ads.get());
    builder.RegisterService(m_telemetry.get());
    m_server = builder.BuildAndStart();
}

AdsServer::~AdsServer()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        m_changed.notify_all();
    }
    m_server->Shutdown(std::chrono::system_clock::now()); // cuts the streams, as a kill would
}

std::string AdsServer::set(const std::string& type, std::vector<Any> resources)
{
    const std::lock_guard lock(m_mutex);
    TypeState& state = m_types[type];
    state.resources = std::move(resources);
    state.version = "v" + std::to_string(++m_versions);
    m_changed.notify_all();
    return state.version;
}

AdsServer::Answer AdsServer::waitAnswer(const std::string& type, const std::string& version)
{
    std::unique_lock lock(m_mutex);
    auto& answers = m_types[type].answers;
    m_changed.wait_for(lock, std::chrono::seconds(10), [&] { return answers.contains(version); });
    return answers.contains(version) ? answers[version] : Answer{};
}

std::vector<std::string> AdsServer::asked(const std::string& type)
{
    const std::lock_guard lock(m_mutex);
    return m_types[type].names;
}

std::vector<meshyard::v1::ProxyReport> AdsServer::reports()
{
    const std::lock_guard lock(m_mutex);
    return m_reports;
}

std::string AdsServer::nodeId()
{
    const std::lock_guard lock(m_mutex);
    return m_nodeId;
}
