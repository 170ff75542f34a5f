// SPDX-License-Identifier: GPL-3.0-or-later
// Workload: a process that the mesh starts.
#include "embedded-mesh/config/check_context.h"
#include "embedded-mesh/config/names.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/document/suggestion.h"

#include "istio/kinds/v1/workload.pb.h"
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace meshyard::config {
namespace {

using namespace kinds::v1;
using document::quoted;

constexpr double kMostReplicas = 64;

void checkPorts(const CheckContext& context, const Workload& spec)
{
    static const std::array<std::string_view, 5> kProtocols = {"", "http", "http2", "grpc", "tcp"};
    std::set<std::uint32_t> numbers;
    std::set<std::string> names;
    for (int i = 0; i < spec.ports_size(); ++i) {
        const auto& port = spec.ports(i);
        const std::string field = at("spec.ports", i);
        context.wantPort(field + ".port", port.port());
        if (port.target_port() != 0)
            context.wantPort(field + ".targetPort", port.target_port());
        if (port.host_port() != 0)
            context.wantPort(field + ".hostPort", port.host_port());
        if (port.host_port() != 0 && !spec.gateway())
            context.warning("MY0602", field + ".hostPort",
                "only gateways have a port of this host: "
                "it has no effect without gateway: true");
        if (!numbers.insert(port.port()).second)
            context.error(
                "MY0306", field + ".port", fmt::format("port {} is listed twice", port.port()));
        if (!port.name().empty() && !names.insert(port.name()).second)
            context.error(
                "MY0306", field + ".name", "the name " + quoted(port.name()) + " is used twice");
        if (std::ranges::find(kProtocols, port.protocol()) == kProtocols.end())
            context.error("MY0403", field + ".protocol",
                quoted(port.protocol()) + " is not a protocol: use http, http2, grpc or tcp");
    }
}

void checkEnvironment(const CheckContext& context, const Workload& spec)
{
    for (const auto& [name, value] : spec.env()) {
        const bool fine = !name.empty() && name.find_first_of("= \t") == std::string::npos
            && !(name.front() >= '0' && name.front() <= '9');
        if (!fine)
            context.error("MY0603", "spec.env", quoted(name) + " is not a name of a variable");
    }
}

} // namespace

void checkWorkload(const CheckContext& context)
{
    const auto* spec = specOf<Workload>(context.resource);
    if (!spec)
        return;
    if (!spec->service().empty() && (!isDnsName(spec->service()) || spec->service().size() > 63))
        context.error("MY0403", "spec.service",
            quoted(spec->service()) + " is not a name: use lower-case letters, digits and '-'");
    if (spec->command().empty() && !spec->gateway())
        context.missing(
            "spec.command", "\"command\" is missing: say what to run, or set gateway: true");
    if (!spec->command().empty() && spec->gateway())
        context.error(
            "MY0601", "spec.command", "a gateway runs no program: remove command or gateway");
    if (!spec->command().empty() && spec->command(0).empty())
        context.error("MY0601", "spec.command[0]", "the program's name is empty");
    if (spec->has_replicas())
        context.wantRange("spec.replicas", spec->replicas(), 0, kMostReplicas);
    if (spec->has_sidecar() && !spec->sidecar() && spec->gateway())
        context.error(
            "MY0601", "spec.sidecar", "a gateway is a sidecar alone: remove sidecar: false");
    if (std::ranges::count(spec->locality(), '/') > 2)
        context.error("MY0403", "spec.locality",
            quoted(spec->locality()) + " is not a locality: write region/zone/subzone");
    const auto version = spec->labels().find("version");
    if (version != spec->labels().end() && version->second != spec->version())
        context.warning("MY0604", "spec.labels.version",
            "it differs from spec.version, which is used: write the version once, in spec.version");
    checkPorts(context, *spec);
    checkEnvironment(context, *spec);
}

} // namespace meshyard::config
