// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/node_info.h"

#include "envoy/config/core/v3/base.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace meshyard::control_plane {

namespace {

using Struct = google::protobuf::Struct;

std::string textOf(const Struct& metadata, const std::string& key)
{
    const auto found = metadata.fields().find(key);
    return found == metadata.fields().end() ? std::string() : found->second.string_value();
}

// Numbers arrive as numbers or, from hand-written bootstraps, as text.
std::uint16_t portOf(const Struct& metadata, const std::string& key, std::uint16_t otherwise)
{
    const auto found = metadata.fields().find(key);
    if (found == metadata.fields().end())
        return otherwise;
    if (found->second.kind_case() == google::protobuf::Value::kNumberValue) {
        const double number = found->second.number_value();
        return number >= 0 && number <= 65535 ? static_cast<std::uint16_t>(number) : otherwise;
    }
    const std::string& text = found->second.string_value();
    std::uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    return error == std::errc() && end == text.data() + text.size() ? port : otherwise;
}

std::string kindOf(const envoy::config::core::v3::Node& node)
{
    std::string version = node.user_agent_version();
    if (node.has_user_agent_build_version()) {
        const auto& v = node.user_agent_build_version().version();
        version = fmt::format("{}.{}.{}", v.major_number(), v.minor_number(), v.patch());
    }
    return version.empty() ? node.user_agent_name()
                           : fmt::format("{} {}", node.user_agent_name(), version);
}

} // namespace

NodeInfo nodeInfoOf(const envoy::config::core::v3::Node& node)
{
    NodeInfo info;
    info.id = node.id();
    info.service = node.cluster();
    info.kind = kindOf(node);
    const Struct& metadata = node.metadata();
    if (const std::string ns = textOf(metadata, "NAMESPACE"); !ns.empty())
        info.ns = ns;
    info.version = textOf(metadata, "VERSION");
    if (const auto labels = metadata.fields().find("LABELS"); labels != metadata.fields().end()) {
        for (const auto& [key, value] : labels->second.struct_value().fields())
            info.labels[key] = value.string_value();
    }
    info.appPort = portOf(metadata, "APP_PORT", 0);
    info.inboundPort = portOf(metadata, "INBOUND_PORT", 0);
    info.outboundPort = portOf(metadata, "OUTBOUND_PORT", info.outboundPort);
    info.wrapsResources = std::ranges::any_of(node.client_features(), [](const std::string& f) {
        return f == "xds.config.resource-in-sotw" || f == "xds.config.supports-resource-in-sotw";
    });
    return info;
}

} // namespace meshyard::control_plane
