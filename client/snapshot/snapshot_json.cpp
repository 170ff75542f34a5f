// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/snapshot/json_fields.h"
#include "client/snapshot/mesh_json.h"
#include "client/snapshot/snapshot.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>

namespace meshyard {

namespace {

constexpr const char* kFormat = "meshyard-snapshot";
constexpr int kVersion = 1;

template <typename T> Json exactList(const std::vector<T>& list)
{
    Json out = Json::array();
    for (const T& one : list)
        out.push_back(exactJson(one));
    return out;
}

template <typename T> void readList(const Json& in, const char* name, std::vector<T>& list)
{
    if (!in.contains(name))
        return;
    for (const Json& one : in.at(name))
        readExact(one, list.emplace_back());
}

Json sketchJson(const LatencySketch& sketch)
{
    Json buckets = Json::array();
    const auto counts = sketch.counts();
    for (std::size_t i = 0; i < counts.size(); ++i) {
        if (counts[i] != 0)
            buckets.push_back({i, counts[i]});
    }
    return {{"buckets", std::move(buckets)}, {"sumUs", sketch.sumMicros()},
        {"maxUs", sketch.maxMicros()}};
}

LatencySketch readSketch(const Json& in)
{
    LatencySketch sketch;
    for (const Json& bucket : in.at("buckets"))
        sketch.addToBucket(bucket.at(0).get<std::size_t>(), bucket.at(1).get<std::uint32_t>());
    sketch.setSumAndMax(in.at("sumUs").get<std::uint64_t>(), in.at("maxUs").get<std::uint32_t>());
    return sketch;
}

/// What people read, as `meshyardctl edges -o json`; beside it the exact counts it came from.
Json edgeJson(const EdgeFigures& figures, std::int64_t ageMs)
{
    Json out = toJson(figures);
    Json exact;
    exact["id"] = figures.edge.id;
    exact["clusters"] = figures.edge.clusters;
    exact["ageMs"] = ageMs;
    exact["outcomes"] = exactJson(figures.outcomes);
    exact["bytesOut"] = figures.bytesOut;
    exact["bytesIn"] = figures.bytesIn;
    exact["connections"] = figures.connections;
    exact["tlsConnections"] = figures.tlsConnections;
    exact["latency"] = sketchJson(figures.latency);
    exact["breaker"] = exactJson(figures.breaker);
    out["exact"] = std::move(exact);
    return out;
}

void readEdge(const Json& in, Snapshot& snapshot)
{
    EdgeFigures figures;
    readExact(in, figures.edge.key);
    figures.windowS = in.at("windowS").get<std::uint32_t>();
    figures.inFlight = in.at("inFlight").get<std::uint32_t>();
    const Json& exact = in.at("exact");
    figures.edge.id = exact.at("id").get<EdgeId>();
    figures.edge.clusters = exact.at("clusters").get<std::vector<std::string>>();
    readExact(exact.at("outcomes"), figures.outcomes);
    figures.bytesOut = exact.at("bytesOut").get<std::uint64_t>();
    figures.bytesIn = exact.at("bytesIn").get<std::uint64_t>();
    figures.connections = exact.at("connections").get<std::uint32_t>();
    figures.tlsConnections = exact.at("tlsConnections").get<std::uint32_t>();
    figures.latency = readSketch(exact.at("latency"));
    readExact(exact.at("breaker"), figures.breaker);
    EdgeSample sample;
    sample.edge = figures.edge.id;
    sample.ageMs = exact.at("ageMs").get<std::int64_t>();
    sample.breaker = figures.breaker;
    snapshot.frame.samples.push_back(std::move(sample));
    snapshot.frame.edges.push_back(figures.edge);
    snapshot.edges.push_back(std::move(figures));
}

Snapshot readSnapshot(const Json& in)
{
    Snapshot snapshot;
    MeshFrame& frame = snapshot.frame;
    frame.full = true;
    frame.closesSecond = true;
    frame.unixMs = in.at("unixMs").get<std::int64_t>();
    readExact(in.at("mesh"), frame.mesh.emplace());
    readList(in, "services", frame.services);
    readList(in, "nodes", frame.nodes);
    for (const Json& edge : in.at("edges"))
        readEdge(edge, snapshot);
    readList(in, "instances", frame.instances);
    readList(in, "proxies", frame.proxies);
    readList(in, "overrides", frame.overrides.emplace());
    readList(in, "events", frame.events);
    return snapshot;
}

} // namespace

std::string toJsonText(const Snapshot& snapshot)
{
    std::unordered_map<EdgeId, std::int64_t> ages;
    for (const EdgeSample& sample : snapshot.frame.samples)
        ages[sample.edge] = sample.ageMs;
    const MeshFrame& frame = snapshot.frame;
    Json out{{"format", kFormat}, {"version", kVersion}, {"unixMs", frame.unixMs}};
    out["mesh"] = exactJson(frame.mesh.value_or(MeshInfo()));
    out["services"] = exactList(frame.services);
    out["nodes"] = exactList(frame.nodes);
    out["edges"] = Json::array();
    for (const EdgeFigures& figures : snapshot.edges)
        out["edges"].push_back(edgeJson(figures, ages[figures.edge.id]));
    out["instances"] = exactList(frame.instances);
    out["proxies"] = exactList(frame.proxies);
    out["overrides"] = exactList(frame.overrides.value_or(std::vector<ActiveOverride>()));
    out["events"] = exactList(frame.events);
    return out.dump(1, ' ', false, Json::error_handler_t::replace) + '\n';
}

Result<Snapshot> parseSnapshot(const std::string& text)
{
    try { // the library says everything by exceptions; none leaves this room
        const Json json = Json::parse(text);
        if (!json.is_object() || json.value("format", "") != kFormat)
            return failure(ErrorCode::InvalidArgument, "this file is no Meshyard snapshot");
        if (const int version = json.value("version", 0); version != kVersion)
            return failure(ErrorCode::InvalidArgument,
                fmt::format(
                    "this snapshot has format {}; this Meshyard reads {}", version, kVersion));
        return readSnapshot(json);
    } catch (const Json::exception& error) {
        return failure(ErrorCode::InvalidArgument,
            fmt::format("this file is no whole Meshyard snapshot: {}", error.what()));
    }
}

} // namespace meshyard
