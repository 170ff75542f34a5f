// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/http_client.h"
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
    };

    virtual ~HealthProbe() = default;
    HealthProbe() = default;
    HealthProbe(const HealthProbe&) = delete;
    HealthProbe& operator=(const HealthProbe&) = delete;

    /// One probe, with the check's timeout. The result comes from the loop, never from inside the
    /// call, and not any more after the probe is destroyed.
    virtual void start() = 0;

    /// @param spec outlives the probe. @param http shared by the probes of a checker.
    static std::unique_ptr<HealthProbe> make(net::EventLoop& loop, http::HttpClient& http,
        const HealthCheckSpec& spec, Target target, Done done);
};

} // namespace meshyard::proxy
