// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/output.h"
#include "app/meshyardctl/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>

namespace meshyard::ctl {

namespace {

using Align = Table::Align;

template <typename T> Json listJson(const std::vector<T>& list)
{
    Json out = Json::array();
    for (const T& one : list)
        out.push_back(toJson(one));
    return out;
}

std::string joined(const std::vector<std::string>& list)
{
    return list.empty() ? "-" : fmt::format("{}", fmt::join(list, ","));
}

void printStatus(const MeshStatus& status, const std::string& address)
{
    const MeshInfo& mesh = status.mesh;
    std::printf("mesh        %s%s\n", printable(mesh.name).c_str(), mesh.demo ? " (demo)" : "");
    std::printf("control     meshyardd %s, pid %d, %s\n", status.version.c_str(), status.pid,
        address.c_str());
    std::printf("data        %s\n", status.dataDir.c_str());
    std::printf("revision    %llu, applied %llu\n", static_cast<unsigned long long>(mesh.revision),
        static_cast<unsigned long long>(mesh.appliedRevision));
    std::printf("proxies     %u, %u in sync\n", mesh.proxies, mesh.proxiesInSync);
    std::printf("workloads   %u of %u ready\n", mesh.workloadsReady, mesh.workloadsWanted);
    if (!mesh.gatewayAddress.empty())
        std::printf("gateway     %s\n", mesh.gatewayAddress.c_str());
    for (const ActiveOverride& active : status.overrides)
        std::printf("override    %s %s -> %s/%s until %s (%s, %s)\n", overrideName(active.kind),
            active.edge.sourceService.empty() ? "*" : printable(active.edge.sourceService).c_str(),
            printable(active.edge.destinationNamespace).c_str(),
            printable(active.edge.destinationService).c_str(),
            active.untilReleased ? "released" : timeText(active.deadlineMs).c_str(),
            printable(active.reason).c_str(), active.id.c_str());
    for (const std::string& problem : mesh.problems)
        std::printf("problem     %s\n", printable(problem).c_str());
}

int status(Context& context)
{
    const auto status = context.client().status();
    if (!status)
        return Context::report(status.error());
    if (!context.wantsJson()) {
        printStatus(*status, context.address());
        return kDone;
    }
    Json out = toJson(status->mesh);
    out["version"] = status->version;
    out["pid"] = status->pid;
    out["address"] = context.address();
    out["dataDir"] = status->dataDir;
    out["overrides"] = listJson(status->overrides);
    out["events"] = listJson(status->recentEvents);
    printJson(out, context.watch);
    return kDone;
}

int services(Context& context)
{
    const auto list = context.client().services(context.listNamespace());
    if (!list)
        return Context::report(list.error());
    if (context.wantsJson()) {
        Json out = Json::array();
        for (const Service& service : list->services) {
            Json one = toJson(service);
            one["versions"] = Json::array();
            for (const Node& node : list->nodes) {
                if (node.key.ns == service.ns && node.key.service == service.name)
                    one["versions"].push_back({{"version", node.key.version},
                        {"instances", node.instances}, {"ready", node.ready}});
            }
            out.push_back(std::move(one));
        }
        printJson(out, context.watch);
        return kDone;
    }
    Table table({{"NAMESPACE"}, {"SERVICE"}, {"PORTS"}, {"SUBSETS"}, {"VERSIONS (READY/ALL)"}});
    for (const Service& service : list->services) {
        std::vector<std::string> ports;
        for (const ServicePort& port : service.ports)
            ports.push_back(fmt::format("{}/{}", port.port, protocolName(port.protocol)));
        std::vector<std::string> versions;
        for (const Node& node : list->nodes) {
            if (node.key.ns == service.ns && node.key.service == service.name)
                versions.push_back(fmt::format("{} {}/{}",
                    node.key.version.empty() ? "-" : node.key.version, node.ready, node.instances));
        }
        table.addRow({service.ns, service.name, joined(ports), joined(service.subsets),
            versions.empty() ? "-" : fmt::format("{}", fmt::join(versions, ", "))});
    }
    table.print();
    return kDone;
}

int instances(Context& context)
{
    const auto list = context.client().instances(context.listNamespace());
    if (!list)
        return Context::report(list.error());
    if (context.wantsJson()) {
        printJson(listJson(*list), context.watch);
        return kDone;
    }
    Table table({{"NAMESPACE"}, {"INSTANCE"}, {"SERVICE"}, {"STATE"}, {"LOCALITY"}, {"ADDRESS"},
        {"PID", Align::Right}, {"KNOBS"}});
    for (const Instance& one : *list)
        table.addRow({one.node.ns, one.id, nodeName(one.node, one.node.ns), one.state,
            one.locality.empty() ? "-" : one.locality, one.address, std::to_string(one.pid),
            one.knobs.empty() ? "-" : one.knobs});
    table.print();
    return kDone;
}

int edges(Context& context, unsigned window)
{
    auto list = context.client().edges(window, context.listNamespace());
    if (!list)
        return Context::report(list.error());
    std::sort(list->begin(), list->end(),
        [](const EdgeFigures& a, const EdgeFigures& b) { return a.edge.key < b.edge.key; });
    if (context.wantsJson()) {
        printJson(listJson(*list), context.watch);
        return kDone;
    }
    Table table({{"SOURCE"}, {"DESTINATION"}, {"SUBSET"}, {"PROTOCOL"}, {"RPS", Align::Right},
        {"OK", Align::Right}, {"P50 MS", Align::Right}, {"P95 MS", Align::Right},
        {"P99 MS", Align::Right}, {"N", Align::Right}, {"BREAKER"}});
    for (const EdgeFigures& one : *list)
        table.addRow({nodeName(one.edge.key.source, context.ns),
            nodeName(one.edge.key.destination, context.ns), one.edge.key.subset,
            std::string(protocolName(one.edge.key.protocol)), figure(one.rps()),
            percent(one.successRate()), figure(one.percentileMs(0.5)),
            figure(one.percentileMs(0.95)), figure(one.percentileMs(0.99)),
            std::to_string(one.latency.count()), breakerText(one.breaker)});
    table.print();
    return kDone;
}

Json breakerRowJson(const BreakerRow& row)
{
    Json out{{"source", toJson(row.edge.source)}, {"destination", toJson(row.edge.destination)},
        {"subset", row.edge.subset}, {"protocol", protocolName(row.edge.protocol)}};
    out.update(toJson(row.breaker));
    out["halfOpenInstances"] = row.breaker.halfOpenInstances;
    out["observe"] = row.breaker.observeOnly;
    out["shared"] = row.breaker.shared;
    out["windowCalls"] = row.breaker.windowCalls;
    out["windowFailures"] = row.breaker.windowFailures;
    out["windowSlow"] = row.breaker.windowSlow;
    out["trialsIssued"] = row.breaker.trialsIssued;
    out["trialsWanted"] = row.breaker.trialsWanted;
    out["policy"] = row.policy;
    out["members"] = Json::array();
    for (const BreakerMember& member : row.breaker.members)
        out["members"].push_back({{"instance", member.instance}, {"state", stateName(member.state)},
            {"openLeftMs", member.openLeftMs}, {"windowCalls", member.windowCalls},
            {"windowFailures", member.windowFailures}, {"trialsOk", member.trialsOk},
            {"trialsWanted", member.trialsWanted}});
    return out;
}

int breakers(Context& context)
{
    const auto list = context.client().breakers(context.listNamespace());
    if (!list)
        return Context::report(list.error());
    if (context.wantsJson()) {
        Json out = Json::array();
        for (const BreakerRow& row : *list)
            out.push_back(breakerRowJson(row));
        printJson(out, context.watch);
        return kDone;
    }
    Table table({{"SOURCE"}, {"DESTINATION"}, {"SUBSET"}, {"STATE"}, {"CALLS", Align::Right},
        {"FAILED", Align::Right}, {"SLOW", Align::Right}, {"TRIALS", Align::Right}, {"POLICY"}});
    for (const BreakerRow& row : *list)
        table.addRow(
            {nodeName(row.edge.source, context.ns), nodeName(row.edge.destination, context.ns),
                row.edge.subset, breakerText(row.breaker), std::to_string(row.breaker.windowCalls),
                std::to_string(row.breaker.windowFailures), std::to_string(row.breaker.windowSlow),
                row.breaker.state == BreakerState::HalfOpen
                    ? fmt::format("{}/{}", row.breaker.trialsIssued, row.breaker.trialsWanted)
                    : "-",
                row.policy});
    table.print();
    return kDone;
}

int proxies(Context& context)
{
    const auto list = context.client().proxies(context.listNamespace());
    if (!list)
        return Context::report(list.error());
    if (context.wantsJson()) {
        printJson(listJson(*list), context.watch);
        return kDone;
    }
    Table table({{"PROXY"}, {"SERVICE"}, {"STATE"}, {"REVISION", Align::Right},
        {"RSS MIB", Align::Right}, {"CPU", Align::Right}, {"KIND"}, {"ADMIN"}});
    for (const ProxyState& one : *list) {
        const char* state = !one.connected ? "gone" : one.inSync ? "in sync" : "pending";
        table.addRow({one.nodeId, nodeName(one.node, context.ns),
            one.nack.empty() ? state : "NACK: " + one.nack, std::to_string(one.ackedRevision),
            figure(static_cast<double>(one.rssBytes) / 1048576.0), percent(one.cpu), one.kind,
            one.admin});
    }
    table.print();
    return kDone;
}

} // namespace

void addReadVerbs(CLI::App& app, Context& context, int& exit)
{
    const auto add = [&](const char* name, const char* help, int (*run)(Context&)) {
        CLI::App* verb = app.add_subcommand(name, help);
        verb->add_flag("--watch", context.watch, "again each second");
        verb->callback([&context, &exit, run] {
            exit = context.repeat([&context, run] { return run(context); });
        });
    };
    add("status", "what runs, revisions, overrides, problems", status);
    add("services", "services with ports, subsets and versions", services);
    add("instances", "running instances", instances);
    add("breakers", "breaker of every edge with its window and policy", breakers);
    add("proxies", "sidecars: connection, acknowledged revision, memory", proxies);

    auto window = std::make_shared<unsigned>(10);
    CLI::App* verb = app.add_subcommand("edges", "rate, success and latency of every edge");
    verb->add_flag("--watch", context.watch, "again each second");
    verb->add_option("--window", *window, "seconds, 1 to 120")
        ->check(CLI::Range(1U, 120U))
        ->capture_default_str();
    verb->callback([&context, &exit, window] {
        exit = context.repeat([&context, window] { return edges(context, *window); });
    });
}

} // namespace meshyard::ctl
