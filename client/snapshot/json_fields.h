// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The model's values as JSON objects, every field, both ways: what snapshot files add to the shapes
// of mesh_json.h. A field that is missing in a file keeps its default.

#include "client/model/mesh_types.h"

#include <nlohmann/json.hpp>

#include <concepts>

namespace meshyard {

using Json = nlohmann::ordered_json;

template <typename V, typename T>
concept JsonOf = std::same_as<std::remove_const_t<V>, T>;

template <typename T> Json exactJson(const T& value);
template <typename T> void readExact(const Json& in, T& value);

namespace json_detail {

template <typename T> Json print(const T& value)
{
    if constexpr (std::is_enum_v<T>)
        return static_cast<int>(value);
    else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>)
        return value;
    else
        return exactJson(value);
}
template <typename T> Json print(const std::vector<T>& values)
{
    Json out = Json::array();
    for (const T& value : values)
        out.push_back(print(value));
    return out;
}
inline Json print(const std::map<std::string, std::string>& values)
{
    Json out = Json::object();
    for (const auto& [name, value] : values)
        out[name] = value;
    return out;
}

template <typename T> void read(const Json& in, T& value)
{
    if constexpr (std::is_enum_v<T>)
        value = static_cast<T>(in.get<std::uint8_t>());
    else if constexpr (std::is_arithmetic_v<T> || std::is_same_v<T, std::string>)
        value = in.get<T>();
    else
        readExact(in, value);
}
template <typename T> void read(const Json& in, std::vector<T>& values)
{
    for (const Json& one : in)
        read(one, values.emplace_back());
}
inline void read(const Json& in, std::map<std::string, std::string>& values)
{
    for (const auto& [name, value] : in.items())
        values[name] = value.get<std::string>();
}

struct Printer
{
    Json& out;
    template <typename T> void operator()(const char* name, const T& value)
    {
        out[name] = print(value);
    }
    template <typename T> void operator()(const char* name, const std::optional<T>& value)
    {
        if (value)
            out[name] = print(*value);
    }
};
struct Reader
{
    const Json& in;
    template <typename T> void operator()(const char* name, T& value)
    {
        if (in.contains(name))
            read(in.at(name), value);
    }
    template <typename T> void operator()(const char* name, std::optional<T>& value)
    {
        if (in.contains(name))
            read(in.at(name), value.emplace());
    }
};

} // namespace json_detail

template <typename F, JsonOf<NodeKey> V> void jsonFields(F f, V& v)
{
    f("namespace", v.ns), f("service", v.service), f("version", v.version);
}
template <typename F, JsonOf<EdgeKey> V> void jsonFields(F f, V& v)
{
    f("source", v.source), f("destination", v.destination), f("subset", v.subset);
    if constexpr (std::is_same_v<F, json_detail::Printer>) {
        f("protocol", std::string(protocolName(v.protocol)));
    } else {
        std::string name;
        f("protocol", name);
        for (const Protocol p : {Protocol::Http1, Protocol::Http2, Protocol::Grpc, Protocol::Tcp})
            v.protocol = protocolName(p) == name ? p : v.protocol;
    }
}
template <typename F, JsonOf<Outcomes> V> void jsonFields(F f, V& v)
{
    f("ok", v.ok), f("clientErrors", v.clientErrors), f("serverErrors", v.serverErrors);
    f("connectErrors", v.connectErrors), f("timeouts", v.timeouts), f("rejected", v.rejected);
    f("limited", v.limited), f("noEndpoint", v.noEndpoint), f("faults", v.faults);
    f("retries", v.retries), f("cancelled", v.cancelled);
}
template <typename F, JsonOf<ServicePort> V> void jsonFields(F f, V& v)
{
    f("name", v.name), f("port", v.port), f("protocol", v.protocol);
}
template <typename F, JsonOf<Service> V> void jsonFields(F f, V& v)
{
    f("namespace", v.ns), f("name", v.name), f("ports", v.ports), f("subsets", v.subsets);
}
template <typename F, JsonOf<Node> V> void jsonFields(F f, V& v)
{
    jsonFields(f, v.key);
    f("kind", v.kind), f("instances", v.instances), f("ready", v.ready);
    f("localities", v.localities), f("labels", v.labels), f("captured", v.captured);
}
template <typename F, JsonOf<Instance> V> void jsonFields(F f, V& v)
{
    f("id", v.id);
    jsonFields(f, v.node);
    f("address", v.address), f("ready", v.ready), f("state", v.state), f("locality", v.locality);
    f("pid", v.pid), f("knobs", v.knobs);
}
template <typename F, JsonOf<ProxyState> V> void jsonFields(F f, V& v)
{
    f("id", v.nodeId);
    jsonFields(f, v.node);
    f("connected", v.connected), f("inSync", v.inSync), f("ackedRevision", v.ackedRevision);
    f("nack", v.nack), f("kind", v.kind), f("rssBytes", v.rssBytes), f("cpu", v.cpu);
    f("admin", v.admin), f("lastReportMs", v.lastReportMs);
}
template <typename F, JsonOf<BreakerMember> V> void jsonFields(F f, V& v)
{
    f("instance", v.instance), f("state", v.state), f("openLeftMs", v.openLeftMs);
    f("windowCalls", v.windowCalls), f("windowFailures", v.windowFailures);
    f("trialsOk", v.trialsOk), f("trialsWanted", v.trialsWanted);
}
template <typename F, JsonOf<EdgeBreaker> V> void jsonFields(F f, V& v)
{
    f("state", v.state), f("overrideKind", v.overrideKind), f("overrideId", v.overrideId);
    f("secondsLeft", v.secondsLeft), f("openInstances", v.openInstances);
    f("halfOpenInstances", v.halfOpenInstances), f("instances", v.instances);
    f("known", v.known), f("observeOnly", v.observeOnly), f("insufficient", v.insufficient);
    f("limited", v.limited), f("panic", v.panic), f("shared", v.shared);
    f("trialsIssued", v.trialsIssued), f("trialsWanted", v.trialsWanted);
    f("windowCalls", v.windowCalls), f("windowFailures", v.windowFailures);
    f("windowSlow", v.windowSlow), f("ejectedEndpoints", v.ejectedEndpoints);
    f("endpoints", v.endpoints), f("limitInFlight", v.limitInFlight);
    f("consecutive", v.consecutive), f("drainPercent", v.drainPercent), f("members", v.members);
}
template <typename F, JsonOf<BreakerTransition> V> void jsonFields(F f, V& v)
{
    f("cluster", v.cluster), f("from", v.from), f("to", v.to), f("cause", v.cause);
    f("observed", v.observed), f("threshold", v.threshold), f("calls", v.calls);
    f("unixUs", v.unixUs), f("policyRevision", v.policyRevision), f("operator", v.operatorName);
    f("overrideKind", v.overrideKind), f("generation", v.generation);
}
template <typename F, JsonOf<Event> V> void jsonFields(F f, V& v)
{
    f("id", v.id), f("unixMs", v.unixMs), f("kind", v.kind), f("edge", v.edge), f("node", v.node);
    f("instance", v.instance), f("transition", v.transition), f("revision", v.revision);
    f("actor", v.actor), f("text", v.text);
}
template <typename F, JsonOf<EdgeSelector> V> void jsonFields(F f, V& v)
{
    f("sourceNamespace", v.sourceNamespace), f("sourceService", v.sourceService);
    f("sourceVersion", v.sourceVersion), f("destinationNamespace", v.destinationNamespace);
    f("destinationService", v.destinationService), f("subset", v.subset);
    f("destinationVersion", v.destinationVersion);
}
template <typename F, JsonOf<ActiveOverride> V> void jsonFields(F f, V& v)
{
    f("id", v.id), f("edge", v.edge), f("kind", v.kind), f("drainPercent", v.drainPercent);
    f("deadlineMs", v.deadlineMs), f("reason", v.reason), f("operator", v.operatorName);
    f("setMs", v.setMs), f("untilReleased", v.untilReleased);
}
template <typename F, JsonOf<MeshInfo> V> void jsonFields(F f, V& v)
{
    f("id", v.id), f("name", v.name), f("revision", v.revision);
    f("appliedRevision", v.appliedRevision), f("proxies", v.proxies);
    f("proxiesInSync", v.proxiesInSync), f("problems", v.problems), f("demo", v.demo);
    f("startedMs", v.startedMs), f("gateway", v.gatewayAddress), f("canUndo", v.canUndo);
    f("canRedo", v.canRedo), f("workloadsWanted", v.workloadsWanted);
    f("workloadsReady", v.workloadsReady);
}

template <typename T> Json exactJson(const T& value)
{
    Json out = Json::object();
    jsonFields(json_detail::Printer{out}, value);
    return out;
}
template <typename T> void readExact(const Json& in, T& value)
{
    jsonFields(json_detail::Reader{in}, value);
}

} // namespace meshyard
