// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/workloads/grpc/grpc_client.h"
#include "embedded-mesh/workloads/line/line_client.h"
#include "embedded-mesh/workloads/web_caller.h"

#include <functional>

namespace meshyard::workloads {

enum class CallKind : std::uint8_t { Http, Grpc, Tcp };

/// What a demo service calls to make its answer.
struct Dependency
{
    std::string name;
    CallKind kind = CallKind::Http;
    WebTarget target;

    /// "NAME=http://HOST[:PORT]/path", "NAME=grpc://HOST:PORT/meshyard.demo.Stock/Count",
    /// "NAME=tcp://HOST:PORT".
    static Result<Dependency> parse(std::string_view text);
};

/// What came of a call.
struct DependencyAnswer
{
    std::string outcome; // to count by: "200", "UNAVAILABLE", "answered", "error"
    std::string json; // the part of the caller's answer: an object
};

/// Calls dependencies in whatever protocol they speak.
///
/// Thread: its loop's.
class DependencyCaller final
{
public:
    using Callback = std::function<void(const DependencyAnswer&)>;

    /// @param name, version of the one who calls.
    DependencyCaller(
        net::EventLoop& loop, std::string name, std::string version, std::optional<WebProxy> proxy);
    /// Callbacks still open are dropped.
    ~DependencyCaller() = default;

    /// @param dependency outlives the call.
    /// @param fields handed on as header fields or metadata, where the protocol has any.
    void call(const Dependency& dependency, const http::HeaderList& fields, Duration timeout,
        Callback callback);

private:
    void callHttp(
        const Dependency& dependency, http::HeaderList fields, Duration timeout, Callback callback);
    void callGrpc(
        const Dependency& dependency, http::HeaderList fields, Duration timeout, Callback callback);
    void callTcp(const Dependency& dependency, Duration timeout, Callback callback);

    const std::string m_name;
    const std::string m_userAgent;
    const std::optional<WebProxy> m_proxy;
    net::HostResolver m_resolver; // of gRPC and TCP
    WebCaller m_web;
    GrpcClient m_grpc;
    LineClient m_line;
};

} // namespace meshyard::workloads
