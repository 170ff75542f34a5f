// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// Frames made up from a seed, for round trips; and what "the same frame" means.

#include "client/model/mesh_types.h"

#include <cmath>
#include <random>

namespace meshyard::test {

inline EdgeKey edgeKey(unsigned number)
{
    const std::string service = "s" + std::to_string(number);
    return {{"production", service, "v1"}, {"production", service + "-db", "v2"},
        number % 3 == 0 ? "v2" : "*", number % 2 == 0 ? Protocol::Http1 : Protocol::Grpc};
}

/// 0 … below − 1.
inline unsigned below(std::mt19937& random, unsigned limit)
{
    return static_cast<unsigned>(random()) % limit;
}

/// Busy: about `rate` calls of lognormal latency with one percent tenfold outliers.
inline EdgeSample randomSample(std::mt19937& random, EdgeId edge, unsigned rate = 40)
{
    std::lognormal_distribution<double> latency(std::log(2500.0), 0.8);
    std::poisson_distribution<unsigned> calls(rate);
    EdgeSample sample;
    sample.edge = edge;
    const unsigned finished = calls(random);
    for (unsigned i = 0; i < finished; ++i) {
        const bool slow = below(random, 100) == 0;
        sample.latency.record(static_cast<std::uint64_t>(latency(random) * (slow ? 10 : 1)));
    }
    sample.outcomes.serverErrors = below(random, 20) == 0 ? finished / 10 : 0;
    sample.outcomes.clientErrors = below(random, 10) == 0 ? finished / 20 : 0;
    sample.outcomes.ok = finished - sample.outcomes.serverErrors - sample.outcomes.clientErrors;
    sample.outcomes.retries = below(random, 5);
    sample.bytesOut = finished * (180 + below(random, 40));
    sample.bytesIn = finished * (900 + below(random, 200));
    sample.inFlight = below(random, 6);
    sample.connections = 2 + below(random, 3);
    sample.tlsConnections = below(random, 2);
    return sample;
}

inline EdgeBreaker randomBreaker(std::mt19937& random)
{
    EdgeBreaker breaker;
    breaker.state = static_cast<BreakerState>(1 + below(random, 3));
    breaker.known = Knowledge::Known;
    breaker.instances = 2;
    breaker.openInstances = below(random, 3);
    breaker.secondsLeft = below(random, 60);
    breaker.windowCalls = below(random, 1000);
    breaker.members.push_back({"a-1", BreakerState::Open, 1200, 20, 11, 0, below(random, 5)});
    return breaker;
}

/// A full frame with `edges` edges in which every kind of field is set somewhere.
inline MeshFrame randomFrame(unsigned seed, unsigned edges)
{
    std::mt19937 random(seed);
    MeshFrame frame;
    frame.unixMs = 1'767'225'600'000 + static_cast<std::int64_t>(seed) * 1000;
    frame.full = true;
    frame.closesSecond = true;
    frame.mesh.emplace();
    frame.mesh->id = "m";
    frame.mesh->revision = seed;
    frame.mesh->problems = {"reviews: no such subset"};
    frame.services.push_back({"production", "s1", {{"http", 9080, Protocol::Http1}}, {"v1"}});
    for (unsigned i = 1; i <= edges; ++i) {
        const EdgeKey key = edgeKey(i);
        frame.nodes.push_back(
            {key.source, NodeKind::Service, 2, 1, {"local/a"}, {{"version", "v1"}}, true});
        frame.nodes.push_back({key.destination, NodeKind::Database, 1, 1, {}, {}, false});
        frame.edges.push_back({i, key, {"production/s/v2/9080"}});
        frame.samples.push_back(randomSample(random, i));
        frame.samples.back().breaker = randomBreaker(random);
    }
    frame.instances.push_back(
        {"s1-a", edgeKey(1).source, "127.0.0.1:1", true, "ready", "local/a", 42, "127.0.0.1:2"});
    frame.proxies.push_back({"s1-a", edgeKey(1).source, true, false, seed, "no such route",
        "meshyard-proxy 0.1.0", 9'000'000, 0.25, "127.0.0.1:3", frame.unixMs});
    Event event;
    event.id = seed;
    event.unixMs = frame.unixMs;
    event.kind = EventKind::Breaker;
    event.edge = edgeKey(1);
    event.node = edgeKey(1).source;
    event.transition.emplace();
    event.transition->to = BreakerState::Open;
    event.transition->observed = 0.75;
    event.text = "opened";
    frame.events.push_back(event);
    frame.overrides.emplace();
    frame.overrides->push_back({"o-1", {"production", "s1", "v1", "production", "s1-db", "*", ""},
        OverrideKind::ForcedOpen, 0, frame.unixMs + 5000, "manual", "me", frame.unixMs, false});
    return frame;
}

inline bool equal(const MeshFrame& a, const MeshFrame& b)
{
    return a.unixMs == b.unixMs && a.full == b.full && a.closesSecond == b.closesSecond
        && a.mesh == b.mesh && a.services == b.services && a.nodes == b.nodes && a.edges == b.edges
        && a.samples == b.samples && a.instances == b.instances && a.proxies == b.proxies
        && a.events == b.events && a.overrides == b.overrides && a.removedEdges == b.removedEdges
        && a.removedNodes == b.removedNodes && a.removedServices == b.removedServices
        && a.removedInstances == b.removedInstances;
}

} // namespace meshyard::test
