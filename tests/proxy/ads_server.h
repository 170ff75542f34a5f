// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "envoy/service/discovery/v3/ads.grpc.pb.h"
#include "meshyard/v1/telemetry.grpc.pb.h"

#include <grpcpp/server.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <vector>

/// A control plane for tests: hands out resources as told, remembers what the proxy answered and
/// reported. One proxy at a time.
class AdsServer
{
public:
    using Any = google::protobuf::Any;

    struct Answer
    {
        std::string version; // what the proxy says it runs
        std::string error; // of a NACK
    };

    /// @param port 0 = a free one.
    explicit AdsServer(int port = 0);
    ~AdsServer();

    int port() const { return m_port; }
    /// The whole set of a type from now on; pushed if the proxy has asked for it.
    /// @return the version it gets.
    std::string set(const std::string& type, std::vector<Any> resources);
    /// Waits until that version was answered. @return the answer; version "" = nothing came.
    Answer waitAnswer(const std::string& type, const std::string& version);
    std::vector<std::string> asked(const std::string& type);
    std::vector<meshyard::v1::ProxyReport> reports();
    std::string nodeId();

private:
    class Ads;
    class Reports;
    friend class Ads;
    friend class Reports;

    struct TypeState
    {
        bool subscribed = false;
        std::vector<std::string> names;
        std::vector<Any> resources;
        std::string version;
        std::string sentVersion;
        std::map<std::string, Answer> answers; // by version sent
    };

    std::mutex m_mutex; // guards what follows
    std::condition_variable m_changed;
    std::map<std::string, TypeState> m_types;
    std::vector<meshyard::v1::ProxyReport> m_reports;
    std::string m_nodeId;
    int m_versions = 0;
    bool m_stopping = false;

    int m_port = 0;
    std::unique_ptr<Ads> m_ads;
    std::unique_ptr<Reports> m_telemetry;
    std::unique_ptr<grpc::Server> m_server;
};
