// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/bootstrap.h"

#include <nlohmann/json.hpp>

namespace meshyard::supervisor {
namespace {

using nlohmann::json;

constexpr const char* kControlPlane = "meshyard_control_plane";

json socketAddress(const std::string& host, unsigned port)
{
    return {{"socket_address", {{"address", host}, {"port_value", port}}}};
}

json addressOf(const std::string& text)
{
    if (text.starts_with("unix:"))
        return {{"pipe", {{"path", text.substr(5)}}}};
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos)
        return socketAddress(text, 0);
    return socketAddress(text.substr(0, colon),
        static_cast<unsigned>(std::strtoul(text.c_str() + colon + 1, nullptr, 10)));
}

json nodeOf(const v1::InstanceSpec& spec, const v1::InstanceStatus& status)
{
    json labels = json::object();
    for (const auto& [key, value] : spec.labels())
        labels[key] = value;
    json metadata = {{"NAMESPACE", spec.namespace_()}, {"VERSION", spec.version()},
        {"LABELS", labels}, {"OUTBOUND_PORT", status.outbound_port()}};
    if (!spec.ports().empty() && !spec.gateway()) {
        const auto port = spec.ports(0).port();
        metadata["APP_PORT"] = status.target_ports().at(port);
        metadata["INBOUND_PORT"] = status.inbound_ports().at(port);
    }
    return {{"id", spec.id()}, {"cluster", spec.service()},
        {"locality",
            {{"region", spec.region()}, {"zone", spec.zone()}, {"sub_zone", spec.sub_zone()}}},
        {"metadata", metadata}};
}

json controlPlaneCluster(const std::string& xdsAddress)
{
    const json endpoint = {{"endpoint", {{"address", addressOf(xdsAddress)}}}};
    return {{"name", kControlPlane}, {"type", "STATIC"}, {"connect_timeout", "1s"},
        {"load_assignment",
            {{"cluster_name", kControlPlane},
                {"endpoints", json::array({{{"lb_endpoints", json::array({endpoint})}}})}}}};
}

} // namespace

std::string renderBootstrap(
    const v1::InstanceSpec& spec, const v1::InstanceStatus& status, const std::string& xdsAddress)
{
    const json ads = {{"ads", json::object()}, {"resource_api_version", "V3"}};
    const json grpc = {{"envoy_grpc", {{"cluster_name", kControlPlane}}}};
    const json bootstrap
        = {{"node", nodeOf(spec, status)}, {"admin", {{"address", addressOf(status.admin())}}},
            {"dynamic_resources",
                {{"ads_config",
                     {{"api_type", "GRPC"}, {"transport_api_version", "V3"},
                         {"grpc_services", json::array({grpc})}}},
                    {"lds_config", ads}, {"cds_config", ads}}},
            {"static_resources", {{"clusters", json::array({controlPlaneCluster(xdsAddress)})}}}};
    return bootstrap.dump(2) + "\n";
}

} // namespace meshyard::supervisor
