// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_thread.h"
#include "embedded-mesh/http/http_client.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/upstream/health_thresholds.h"

#include <functional>

namespace meshyard::proxy {

/// Asks one endpoint how it is, again and again; one kind of check each.
///
/// Thread: its loop's.
class HealthProbe
{
public:
    using Done = std::function<void(ProbeResult)>;

    struct Target
    {
        net::SocketAddress address;
        std::string host; // authority of HTTP and gRPC
        /// How to connect where the cluster protects its connections; empty = in the clear.
        std::function<Result<void>(net::Connection&)> connect;
    };

    virtual ~HealthProbe() = default;
    HealthProbe() = default;
    HealthProbe(const HealthProbe&) = delete;
    HealthProbe& operator=(const HealthProbe&) = delete;

    /// One probe, with the check's timeout. The result comes from the loop, never from inside the
    /// call, and not any more after the probe is destroyed.
    virtual void start() = 0;

    /// What the probes of a checker share.
    struct Clients
    {
        explicit Clients(net::EventLoop& loop)
            : http1(loop)
            , http2(loop)
        {
        }

        http::HttpClient http1;
        http::H2Thread http2;
    };

    /// @param spec outlives the probe, as does `clients`.
    static std::unique_ptr<HealthProbe> make(
        Clients& clients, const HealthCheckSpec& spec, Target target, Done done);

protected:
    static ProbeResult judgeStatus(const HealthCheckSpec& spec, int status, bool degraded);
};

} // namespace meshyard::proxy
