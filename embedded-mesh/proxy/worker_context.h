// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/date_text.h"
#include "embedded-mesh/http/head_parser.h"
#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/proxy/config_snapshot.h"
#include "embedded-mesh/proxy/telemetry/inbound_table.h"
#include "embedded-mesh/proxy/telemetry/istio_table.h"
#include "embedded-mesh/proxy/upstream/cluster.h"

#include <ctime>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace meshyard::proxy {

class LogSink;
class SpanSink;
struct ConnectionLimit;

/// Something that ends in its own callback: kept until the end of the turn.
class Disposable
{
public:
    virtual ~Disposable() = default;
};

class H2Worker;

/// Copies of requests that went to a cluster; apart from the numbers of its edge.
struct MirrorCounters
{
    std::uint64_t sent = 0;
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
    std::uint64_t dropped = 0; // there was no such cluster
};

/// What everything on one worker shares. No lock: one thread.
struct WorkerContext
{
    struct TextHash
    {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const
        {
            return std::hash<std::string_view>()(text);
        }
    };

    using ClusterMap
        = std::unordered_map<std::string, std::shared_ptr<Cluster>, TextHash, std::equal_to<>>;

    WorkerContext(net::EventLoop& ownLoop, std::string id, std::uint64_t seed)
        : loop(ownLoop)
        , nodeId(std::move(id))
        , random(seed)
    {
    }

    net::EventLoop& loop;
    const std::string nodeId;
    std::uint64_t random;

    std::shared_ptr<H2Worker> http2; // made with the first HTTP/2 connection, outlives them all
    ClusterMap clusters;
    std::shared_ptr<const ConfigSnapshot> config = std::make_shared<ConfigSnapshot>();
    InboundTable inbound;
    IstioTable istio;

    http::HeadParser parser{http::HeadLimits{}};
    http::RequestHead requestHead; // scratch: valid until the next parse
    http::ResponseHead responseHead;
    std::vector<HeaderView> headerViews;
    std::string headScratch; // heads on their way into write()
    std::string pathScratch; // of the request being routed: its target after the path rules,
    std::string rewriteScratch; // its target for the upstream,
    std::string hostScratch; // its authority there,
    std::string hostsScratch; // and x-forwarded-host
    std::vector<std::unique_ptr<Disposable>> graveyard;
    std::set<std::shared_ptr<Disposable>> sideCalls; // in progress
    std::map<std::string, MirrorCounters, std::less<>> mirrorCounters; // by cluster

    LogSink* logs = nullptr; // the worker's
    SpanSink* spans = nullptr; // likewise

    ConnectionLimit* connectionLimit = nullptr;

    std::uint32_t downstreamConnections = 0;
    std::uint64_t acceptRefusals = 0; // out of descriptors
    bool draining = false; // answers say close

    TimePoint now() const { return loop.clock().now(); }
    std::string_view httpDate() { return m_date.text(std::time(nullptr)); }
    std::uint64_t nextRandom() { return proxy::nextRandom(random); }

    const std::shared_ptr<Cluster>* findCluster(std::string_view name) const
    {
        const auto found = clusters.find(name);
        return found == clusters.end() ? nullptr : &found->second;
    }

    std::shared_ptr<const RouteTable> findRoutes(const std::string& name) const
    {
        const auto found = config->routes.find(name);
        return found == config->routes.end() ? nullptr : found->second;
    }

    void dispose(std::unique_ptr<Disposable> gone)
    {
        if (gone == nullptr)
            return;
        if (graveyard.empty())
            loop.atTurnEnd([this] { bury(); });
        graveyard.push_back(std::move(gone));
    }

private:
    void bury()
    {
        const std::vector<std::unique_ptr<Disposable>> dead = std::move(graveyard);
        graveyard.clear();
    }

    http::DateText m_date;
};

} // namespace meshyard::proxy
