// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/dns_refresher.h"
#include "embedded-mesh/proxy/upstream/health_checker.h"

namespace meshyard::proxy {

/// Told to every worker, on its own thread.
class UpstreamNews
{
public:
    virtual ~UpstreamNews() = default;

    virtual void onHealthCheck(const std::string& cluster, const net::SocketAddress& endpoint,
        CheckState verdict, bool passed)
        = 0;
    virtual void onEndpoints(
        const std::string& cluster, const std::shared_ptr<const EndpointSet>& endpoints)
        = 0;
};

/// What a process does once for all its workers: active health checks and look-ups of names. The
/// first worker owns it and shows it its clusters; news go to all of them.
///
/// Thread: the first worker's.
class UpstreamWatch final
{
public:
    UpstreamWatch(net::EventLoop& loop, std::uint64_t seed, UpstreamNews& news)
        : m_checker(loop, seed,
              [&news](const std::string& cluster, const net::SocketAddress& endpoint,
                  CheckState verdict,
                  bool passed) { news.onHealthCheck(cluster, endpoint, verdict, passed); })
        , m_names(loop, seed + 1,
              [&news](
                  const std::string& cluster, const std::shared_ptr<const EndpointSet>& endpoints) {
                  news.onEndpoints(cluster, endpoints);
              })
    {
    }

    HealthChecker& checker() { return m_checker; }
    const HealthChecker& checker() const { return m_checker; }
    DnsRefresher& names() { return m_names; }

    void keepOnly(const std::function<bool(const std::string&)>& isWanted)
    {
        m_checker.keepOnly(isWanted);
        m_names.keepOnly(isWanted);
    }

private:
    HealthChecker m_checker;
    DnsRefresher m_names;
};

} // namespace meshyard::proxy
