// SPDX-License-Identifier: GPL-3.0-or-later
// Gateway and ServiceEntry: the mesh's borders.
#include "embedded-mesh/config/check_context.h"
#include "embedded-mesh/config/names.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/document/suggestion.h"

#include "istio/kinds/v1/edge.pb.h"
#include "istio/kinds/v1/registry.pb.h"
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

namespace meshyard::config {
namespace {

using namespace kinds::v1;
using document::quoted;

void checkProtocol(
    const CheckContext& context, const std::string& field, const std::string& protocol)
{
    static const std::vector<std::string> kProtocols
        = {"HTTP", "HTTPS", "GRPC", "HTTP2", "MONGO", "TCP", "TLS"};
    std::string upper = protocol;
    std::ranges::transform(upper, upper.begin(),
        [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
    if (protocol.empty())
        context.missing(field, "\"protocol\" is missing: write for example HTTP");
    else if (std::ranges::find(kProtocols, upper) == kProtocols.end())
        context.error("MY0403", field,
            fmt::format(
                "{} is not a protocol: use {}", quoted(protocol), fmt::join(kProtocols, ", ")));
}

void checkServer(const CheckContext& context, const std::string& field, const Server& server)
{
    if (!server.has_port()) {
        context.missing(
            field, "\"port\" is missing: write port: {number: 8080, name: http, protocol: HTTP}");
        return;
    }
    context.wantPort(field + ".port.number", server.port().number());
    checkProtocol(context, field + ".port.protocol", server.port().protocol());
    if (server.hosts().empty())
        context.missing(field, "\"hosts\" is missing: write hosts: [\"*\"] for every host");
    for (int i = 0; i < server.hosts_size(); ++i) {
        const std::string& host = server.hosts(i);
        const std::size_t slash = host.find('/');
        if (!isHostPattern(slash == std::string::npos ? host : host.substr(slash + 1)))
            context.error("MY0403", at(field + ".hosts", i), quoted(host) + " is not a host name");
    }
    const bool wantsTls = server.port().protocol() == "HTTPS" || server.port().protocol() == "TLS";
    if (wantsTls && !server.has_tls())
        context.missing(field, "a " + server.port().protocol() + " server needs a \"tls\" block");
}

void checkListeners(const CheckContext& context, const Gateway& gateway)
{
    std::map<std::pair<std::string, std::uint32_t>, std::pair<int, std::string>> open;
    for (int i = 0; i < gateway.servers_size(); ++i) {
        const auto& server = gateway.servers(i);
        const auto [first, fresh] = open.emplace(std::pair(server.bind(), server.port().number()),
            std::pair(i, server.port().protocol()));
        if (!fresh && first->second.second != server.port().protocol())
            context.error("MY0303", at("spec.servers", i) + ".port",
                fmt::format(
                    "port {} is already open for {} (server {}): give one of them another port",
                    server.port().number(), first->second.second, first->second.first + 1));
    }
    std::set<std::string> reported;
    for (const auto& claim : claimsOf(context.resource)) {
        for (const Resource* rival : context.index.claims(claim)) {
            if (rival->id == context.resource.id || !reported.insert(toString(rival->id)).second)
                continue;
            context.warning("MY0303", "spec.servers",
                fmt::format(
                    "Gateway {} opens the same port for the same hosts: only the older one acts",
                    quoted(rival->id.ns + "/" + rival->id.name)));
        }
    }
}

void checkEntryShape(const CheckContext& context, const ServiceEntry& entry)
{
    if (entry.hosts().empty())
        context.missing("spec.hosts", "\"hosts\" is missing: name the service");
    if (entry.ports().empty())
        context.missing("spec.ports", "\"ports\" is missing: say where the service listens");
    for (int i = 0; i < entry.ports_size(); ++i) {
        const std::string field = at("spec.ports", i);
        context.wantPort(field + ".number", entry.ports(i).number());
        checkProtocol(context, field + ".protocol", entry.ports(i).protocol());
    }
    if (!entry.endpoints().empty() && entry.has_workload_selector())
        context.error("MY0409", "spec.workloadSelector",
            "endpoints and workloadSelector exclude each other: keep one of them");
    if (entry.resolution() == ServiceEntry::STATIC && entry.endpoints().empty()
        && !entry.has_workload_selector())
        context.missing(
            "spec.endpoints", "resolution STATIC needs endpoints or a workloadSelector");
    if (entry.resolution() == ServiceEntry::DNS_ROUND_ROBIN && entry.endpoints_size() > 1)
        context.error("MY0401", "spec.endpoints", "DNS_ROUND_ROBIN takes one endpoint: use DNS");
}

} // namespace

void checkGateway(const CheckContext& context)
{
    const auto* gateway = specOf<Gateway>(context.resource);
    if (!gateway)
        return;
    if (gateway->servers().empty())
        context.missing("spec.servers", "\"servers\" is missing: say which ports to open");
    for (int i = 0; i < gateway->servers_size(); ++i)
        checkServer(context, at("spec.servers", i), gateway->servers(i));
    checkListeners(context, *gateway);
    const ConfigIndex::Labels selector(gateway->selector().begin(), gateway->selector().end());
    if (!selector.empty() && context.index.knowsMesh() && !context.index.selects("", selector))
        context.warning("MY0206", "spec.selector",
            "no workload is labelled " + labelsText(selector) + ": nothing opens these ports");
}

void checkServiceEntry(const CheckContext& context)
{
    const auto* entry = specOf<ServiceEntry>(context.resource);
    if (!entry)
        return;
    checkEntryShape(context, *entry);
    for (const auto& claim : claimsOf(context.resource)) {
        for (const Resource* rival : context.index.claims(claim)) {
            if (rival->id == context.resource.id)
                continue;
            context.warning("MY0308", "spec.hosts",
                fmt::format("ServiceEntry {} has a host and port of this one: merge them",
                    quoted(rival->id.ns + "/" + rival->id.name)));
            return;
        }
    }
}

} // namespace meshyard::config
