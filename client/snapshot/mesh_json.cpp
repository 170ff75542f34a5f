// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/snapshot/mesh_json.h"

#include <nlohmann/json.hpp>

#include <cmath>

namespace meshyard {

namespace {

double rounded(double value)
{
    return std::round(value * 1000.0) / 1000.0;
}

Json numberOrNull(const std::optional<double>& value)
{
    return value ? Json(rounded(*value)) : Json();
}

double perSecond(std::uint64_t total, std::uint32_t seconds)
{
    return seconds == 0 ? 0.0 : rounded(static_cast<double>(total) / seconds);
}

Json orAny(const std::string& text)
{
    return text.empty() ? "*" : text;
}

} // namespace

const char* stateName(BreakerState state)
{
    constexpr const char* kNames[] = {"UNKNOWN", "CLOSED", "OPEN", "HALF_OPEN"};
    return kNames[static_cast<std::size_t>(state)];
}

const char* overrideName(OverrideKind kind)
{
    constexpr const char* kNames[] = {"", "FORCED_OPEN", "FORCED_CLOSED", "DRAINING"};
    return kNames[static_cast<std::size_t>(kind)];
}

const char* knowledgeName(Knowledge known)
{
    constexpr const char* kNames[] = {"UNKNOWN", "KNOWN", "INFERRED", "UNKNOWN", "STALE"};
    return kNames[static_cast<std::size_t>(known)];
}

const char* nodeKindName(NodeKind kind)
{
    constexpr const char* kNames[] = {"service", "gateway", "external", "database", "unknown"};
    return kNames[static_cast<std::size_t>(kind)];
}

const char* eventKindName(EventKind kind)
{
    constexpr const char* kNames[]
        = {"other", "breaker", "revision", "override", "nack", "instance", "alert"};
    return kNames[static_cast<std::size_t>(kind)];
}

Json toJson(const NodeKey& key)
{
    return {{"namespace", key.ns}, {"service", key.service}, {"version", key.version}};
}

Json toJson(const EdgeBreaker& breaker)
{
    Json out;
    out["state"] = stateName(breaker.state);
    if (breaker.overrideKind != OverrideKind::None)
        out["override"] = overrideName(breaker.overrideKind);
    if (breaker.secondsLeft > 0)
        out["secondsLeft"] = breaker.secondsLeft;
    out["openInstances"] = breaker.openInstances;
    out["instances"] = breaker.instances;
    out["known"] = knowledgeName(breaker.known);
    return out;
}

Json toJson(const EdgeFigures& figures)
{
    Json out;
    out["source"] = toJson(figures.edge.key.source);
    out["destination"] = toJson(figures.edge.key.destination);
    out["subset"] = figures.edge.key.subset;
    out["protocol"] = protocolName(figures.edge.key.protocol);
    out["rps"] = rounded(figures.rps());
    const std::optional<double> success = figures.successRate();
    out["successRate"] = success ? Json(std::round(*success * 1e6) / 1e6) : Json();
    out["windowS"] = figures.windowS;
    out["samples"] = figures.latency.count();
    out["p50Ms"] = numberOrNull(figures.percentileMs(0.50));
    out["p90Ms"] = numberOrNull(figures.percentileMs(0.90));
    out["p95Ms"] = numberOrNull(figures.percentileMs(0.95));
    out["p99Ms"] = numberOrNull(figures.percentileMs(0.99));
    out["bytesInPerS"] = perSecond(figures.bytesIn, figures.windowS);
    out["bytesOutPerS"] = perSecond(figures.bytesOut, figures.windowS);
    out["inFlight"] = figures.inFlight;
    out["mtls"] = figures.mtls();
    out["breaker"] = toJson(figures.breaker);
    return out;
}

Json toJson(const Node& node)
{
    Json out = toJson(node.key);
    out["kind"] = nodeKindName(node.kind);
    out["instances"] = node.instances;
    out["ready"] = node.ready;
    out["localities"] = node.localities;
    out["labels"] = Json::object();
    for (const auto& [name, value] : node.labels)
        out["labels"][name] = value;
    out["captured"] = node.captured;
    return out;
}

Json toJson(const Service& service)
{
    Json out{{"namespace", service.ns}, {"name", service.name}, {"ports", Json::array()}};
    for (const ServicePort& port : service.ports)
        out["ports"].push_back(
            {{"name", port.name}, {"port", port.port}, {"protocol", protocolName(port.protocol)}});
    out["subsets"] = service.subsets;
    return out;
}

Json toJson(const Instance& instance)
{
    Json out{{"id", instance.id}};
    out.update(toJson(instance.node));
    out["address"] = instance.address;
    out["ready"] = instance.ready;
    out["state"] = instance.state;
    out["locality"] = instance.locality;
    out["pid"] = instance.pid;
    if (!instance.knobs.empty())
        out["knobs"] = instance.knobs;
    return out;
}

Json toJson(const ProxyState& proxy)
{
    Json out{{"id", proxy.nodeId}};
    out.update(toJson(proxy.node));
    out["connected"] = proxy.connected;
    out["inSync"] = proxy.inSync;
    out["ackedRevision"] = proxy.ackedRevision;
    out["nack"] = proxy.nack;
    out["kind"] = proxy.kind;
    out["rssBytes"] = proxy.rssBytes;
    out["cpu"] = rounded(proxy.cpu);
    out["admin"] = proxy.admin;
    out["lastReportMs"] = proxy.lastReportMs;
    return out;
}

Json toJson(const ActiveOverride& active)
{
    Json out{{"id", active.id}};
    out["source"] = {{"namespace", orAny(active.edge.sourceNamespace)},
        {"service", orAny(active.edge.sourceService)},
        {"version", orAny(active.edge.sourceVersion)}};
    out["destination"] = {{"namespace", active.edge.destinationNamespace},
        {"service", active.edge.destinationService},
        {"version", orAny(active.edge.destinationVersion)}};
    out["subset"] = orAny(active.edge.subset);
    out["override"] = overrideName(active.kind);
    if (active.kind == OverrideKind::Draining)
        out["drainPercent"] = active.drainPercent;
    out["setMs"] = active.setMs;
    out["deadlineMs"] = active.untilReleased ? Json() : Json(active.deadlineMs);
    out["reason"] = active.reason;
    out["operator"] = active.operatorName;
    return out;
}

Json toJson(const Event& event)
{
    Json out{{"id", event.id}, {"unixMs", event.unixMs}, {"kind", eventKindName(event.kind)}};
    if (event.edge)
        out["edge"] = toString(*event.edge);
    if (event.node)
        out["node"] = toString(*event.node);
    if (!event.instance.empty())
        out["instance"] = event.instance;
    if (event.transition && event.kind == EventKind::Breaker) {
        out["from"] = stateName(event.transition->from);
        out["to"] = stateName(event.transition->to);
        out["observed"] = event.transition->observed;
        out["threshold"] = event.transition->threshold;
        out["calls"] = event.transition->calls;
    }
    if (event.revision != 0)
        out["revision"] = event.revision;
    if (!event.actor.empty())
        out["actor"] = event.actor;
    out["text"] = event.text;
    return out;
}

Json toJson(const MeshInfo& mesh)
{
    return {{"id", mesh.id}, {"name", mesh.name}, {"revision", mesh.revision},
        {"appliedRevision", mesh.appliedRevision}, {"proxies", mesh.proxies},
        {"proxiesInSync", mesh.proxiesInSync}, {"workloadsWanted", mesh.workloadsWanted},
        {"workloadsReady", mesh.workloadsReady}, {"demo", mesh.demo}, {"startedMs", mesh.startedMs},
        {"gateway", mesh.gatewayAddress}, {"canUndo", mesh.canUndo}, {"canRedo", mesh.canRedo},
        {"problems", mesh.problems}};
}

} // namespace meshyard
