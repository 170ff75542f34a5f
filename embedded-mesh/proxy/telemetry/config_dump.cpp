// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/config_dump.h"

#include "embedded-mesh/proxy/telemetry/json_text.h"
#include "embedded-mesh/proxy/telemetry/time_text.h"
#include "embedded-mesh/proxy/tls/redaction.h"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"

#include <google/protobuf/util/json_util.h>

namespace meshyard::proxy {

namespace {

template <typename M> std::string jsonOf(M message)
{
    redactSecrets(message);
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    std::string text;
    if (!google::protobuf::util::MessageToJsonString(message, &text, options).ok())
        return "null"; // an Any of a type that is not linked in
    return text;
}

/// The JSON of a message with its type, as in an Any.
std::string typedJson(const google::protobuf::Message& message)
{
    google::protobuf::Any any;
    any.PackFrom(message);
    return jsonOf(any);
}

std::string timeText(WallTime time)
{
    std::string text;
    appendTime(time, {}, text);
    return text;
}

void append(std::string& list, std::string_view entry)
{
    if (!list.empty())
        list += ",\n  ";
    list += entry;
}

template <typename Messages>
std::string staticList(const Messages& messages, std::string_view member, WallTime time)
{
    std::string list;
    for (const auto& message : messages)
        append(list, fmt::format(R"({{"{}":{},"last_updated":"{}"}})", member, typedJson(message),
                         timeText(time)));
    return list;
}

struct Names // of one type's part of the dump
{
    std::string_view type; // xDS
    std::string_view dump; // of envoy.admin.v3
    std::string_view member; // cluster, listener, …
    std::string_view staticList;
    std::string_view dynamicList;
};

std::string dynamicEntry(const Names& names, const google::protobuf::Any& resource,
    const std::string& version, WallTime time)
{
    const std::string json = jsonOf(resource);
    const std::string state = fmt::format(R"("version_info":{},"{}":{},"last_updated":"{}")",
        jsonQuoted(version), names.member, json, timeText(time));
    if (names.member != "listener")
        return "{" + state + "}";
    constexpr std::string_view kName = "\"name\":\"";
    const std::size_t at = json.find(kName);
    const std::size_t end = at == std::string::npos ? at : json.find('"', at + kName.size());
    const std::string name = at == std::string::npos
        ? std::string()
        : json.substr(at + kName.size(), end - at - kName.size());
    return fmt::format(R"({{"name":"{}","active_state":{{{}}}}})", name, state);
}

} // namespace

std::string configDumpJson(const envoy::config::bootstrap::v3::Bootstrap& bootstrap,
    const ConfigStore& store, const ConfigDumpFacts& facts)
{
    constexpr auto kParts = std::to_array<Names>({
        {kClusterType, "ClustersConfigDump", "cluster", "static_clusters",
            "dynamic_active_clusters"},
        {kEndpointType, "EndpointsConfigDump", "endpoint_config", "static_endpoint_configs",
            "dynamic_endpoint_configs"},
        {kListenerType, "ListenersConfigDump", "listener", "static_listeners", "dynamic_listeners"},
        {kRouteType, "RoutesConfigDump", "route_config", "static_route_configs",
            "dynamic_route_configs"},
    });
    std::string configs = fmt::format(R"({{"@type":"type.googleapis.com/)"
                                      R"(envoy.admin.v3.BootstrapConfigDump","bootstrap":{},)"
                                      R"("last_updated":"{}"}})",
        jsonOf(bootstrap), timeText(facts.startedAt));
    const auto responses = store.exportAll();
    for (const Names& names : kParts) {
        std::string fixed;
        if (names.member == "cluster")
            fixed = staticList(
                bootstrap.static_resources().clusters(), names.member, facts.startedAt);
        else if (names.member == "listener")
            fixed = staticList(
                bootstrap.static_resources().listeners(), names.member, facts.startedAt);
        std::string dynamic;
        std::string version;
        for (const auto& response : responses) {
            if (response.type_url() != names.type)
                continue;
            version = response.version_info();
            for (const auto& resource : response.resources())
                append(dynamic,
                    dynamicEntry(names, resource, version, store.updatedAt(names.type)));
        }
        append(configs,
            fmt::format("{{\"@type\":\"type.googleapis.com/envoy.admin.v3.{}\","
                        "\"version_info\":{},\"{}\":[{}],\"{}\":[{}]}}",
                names.dump, jsonQuoted(version), names.staticList, fixed, names.dynamicList,
                dynamic));
    }
    std::string overrides;
    for (const auto& response : responses) {
        if (response.type_url() == kOverrideType)
            overrides = jsonOf(response);
    }
    return fmt::format("{{\"configs\":[{}],\n\"controlPlaneConnected\":{},\"stale\":{},\n"
                       "\"overrides\":{}}}\n",
        configs, facts.connected, facts.stale, overrides.empty() ? "null" : overrides);
}

} // namespace meshyard::proxy
