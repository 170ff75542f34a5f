// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/discovery/workload_plan.h"

#include "embedded-mesh/control_plane/discovery/stable_bytes.h"

#include <algorithm>
#include <array>

namespace meshyard::control_plane {
namespace {

/// FNV-1a over the deterministic bytes: equal in every process, unlike std::hash.
std::uint64_t contentHash(const google::protobuf::Message& message)
{
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char byte : stableBytes(message))
        hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3ULL;
    return hash;
}

void setLocality(const std::string& locality, v1::InstanceSpec& spec)
{
    std::array<std::string, 3> parts;
    std::size_t part = 0;
    for (const char c : locality) {
        if (c == '/' && part < 2)
            ++part;
        else
            parts[part] += c;
    }
    spec.set_region(parts[0]);
    spec.set_zone(parts[1]);
    spec.set_sub_zone(parts[2]);
}

} // namespace

WorkloadPlan planWorkload(
    const std::string& ns, const std::string& name, const kinds::v1::Workload& workload)
{
    WorkloadPlan plan;
    plan.ns = ns;
    plan.name = name;
    plan.replicas = workload.has_replicas() ? workload.replicas() : 1;
    v1::InstanceSpec& spec = plan.spec;
    spec.set_namespace_(ns);
    spec.set_service(workload.service().empty() ? name : workload.service());
    spec.set_version(workload.version());
    *spec.mutable_labels() = workload.labels();
    if (!workload.version().empty())
        (*spec.mutable_labels())["version"] = workload.version();
    spec.mutable_labels()->insert({"app", spec.service()});
    setLocality(workload.locality(), spec);
    *spec.mutable_command() = workload.command();
    spec.mutable_command()->MergeFrom(workload.args());
    *spec.mutable_env() = workload.env();
    for (const auto& port : workload.ports()) {
        v1::PortSpec& out = *spec.add_ports();
        out.set_name(port.name());
        out.set_port(port.port());
        out.set_target_port(port.target_port());
        out.set_protocol(port.protocol().empty() ? "http" : port.protocol());
        out.set_host_port(port.host_port());
        plan.inPlace = plan.inPlace || port.target_port() != 0 || port.host_port() != 0;
    }
    spec.set_sidecar(!workload.has_sidecar() || workload.sidecar());
    spec.set_gateway(workload.gateway());
    spec.set_knobs_env(workload.knobs_env());
    spec.set_working_directory(workload.working_directory());
    spec.set_spec_hash(contentHash(spec));
    return plan;
}

std::string instanceId(const std::string& ns, const std::string& workload, std::uint32_t replica)
{
    std::string letters;
    for (std::uint32_t rest = replica + 1; rest > 0; rest = (rest - 1) / 26)
        letters.insert(letters.begin(), static_cast<char>('a' + (rest - 1) % 26));
    const std::string prefix = ns == "production" ? "" : ns + "-";
    return prefix + workload + "-" + letters;
}

} // namespace meshyard::control_plane
