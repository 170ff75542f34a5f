// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/duration.h"
#include "app/meshyardctl/output.h"
#include "app/meshyardctl/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace meshyard::ctl {

namespace {

struct EdgeOptions
{
    std::string source;
    std::string destination;
    std::string fromVersion;
    std::string subset;
};

/// SRC and DST as typed: "*" or [NAMESPACE/]SERVICE[@VERSION].
EdgeSelector selectorOf(const Context& context, const EdgeOptions& options)
{
    EdgeSelector edge;
    const auto split = [&context](const std::string& text, std::string& ns, std::string& service,
                           std::string& version) {
        if (text.empty() || text == "*")
            return;
        const std::size_t at = text.find('@');
        std::tie(ns, service) = context.qualified(text.substr(0, at));
        if (at != std::string::npos)
            version = text.substr(at + 1);
    };
    split(options.source, edge.sourceNamespace, edge.sourceService, edge.sourceVersion);
    split(options.destination, edge.destinationNamespace, edge.destinationService,
        edge.destinationVersion);
    if (!options.fromVersion.empty())
        edge.sourceVersion = options.fromVersion;
    edge.subset = options.subset;
    return edge;
}

void addEdge(CLI::App* verb, const std::shared_ptr<EdgeOptions>& options, bool required)
{
    verb->add_option("SRC", options->source, "calling service, [NAMESPACE/]NAME[@VERSION]; * = any")
        ->required(required);
    verb->add_option("DST", options->destination, "called service, [NAMESPACE/]NAME[@VERSION]")
        ->required(required);
    verb->add_option("--from-version", options->fromVersion, "only callers of this version");
    verb->add_option("--subset", options->subset, "only this subset of the destination");
}

std::string edgeText(const EdgeSelector& edge)
{
    const auto name
        = [](const std::string& ns, const std::string& service, const std::string& version) {
              if (service.empty())
                  return std::string("*");
              return toString(NodeKey{ns, service, version});
          };
    return name(edge.sourceNamespace, edge.sourceService, edge.sourceVersion) + " -> "
        + name(edge.destinationNamespace, edge.destinationService, edge.destinationVersion)
        + (edge.subset.empty() ? "" : " subset " + edge.subset);
}

int printOutcome(const Context& context, const Result<OverrideOutput>& output,
    const std::string& deed, const EdgeSelector& edge)
{
    if (!output)
        return Context::report(output.error());
    if (context.wantsJson()) {
        Json out = toJson(output->active);
        out["proxies"] = output->proxies;
        out["acknowledged"] = output->acknowledged;
        printJson(out);
        return kDone;
    }
    const ActiveOverride& active = output->active;
    std::string until;
    if (active.kind != OverrideKind::None)
        until = active.untilReleased ? " until released" : " until " + timeText(active.deadlineMs);
    std::printf("%s %s%s; %zu of %zu proxies acknowledged%s\n", deed.c_str(),
        printable(edgeText(edge)).c_str(), until.c_str(), output->acknowledged.size(),
        output->proxies.size(), active.id.empty() ? "" : (" (" + active.id + ')').c_str());
    return kDone;
}

void addTrip(CLI::App& app, Context& context, int& exit)
{
    struct TripOptions
    {
        std::string ttl = "10m";
        std::string reason = "manual";
        bool untilReleased = false;
    };
    auto edge = std::make_shared<EdgeOptions>();
    auto options = std::make_shared<TripOptions>();
    CLI::App* verb = app.add_subcommand("trip", "refuse an edge's calls for a stated time");
    addEdge(verb, edge, true);
    verb->add_option("--ttl", options->ttl, "5s to 24h, e.g. 90s, 10m, 1h30m")
        ->capture_default_str();
    verb->add_option("--reason", options->reason, "why")->capture_default_str();
    verb->add_flag("--until-released", options->untilReleased, "no deadline");
    verb->callback([&context, &exit, edge, options] {
        const auto ttl = parseDurationMs(options->ttl);
        if (!ttl) {
            exit = Context::usage(ttl.error().message);
            return;
        }
        OverrideInput input;
        input.edge = selectorOf(context, *edge);
        input.ttlMs = *ttl;
        input.reason = options->reason;
        input.untilReleased = options->untilReleased;
        input.operatorName = Context::author();
        exit = printOutcome(context, context.client().setOverride(input), "tripped", input.edge);
    });
}

} // namespace

void addBreakerVerbs(CLI::App& app, Context& context, int& exit)
{
    addTrip(app, context, exit);

    auto edge = std::make_shared<EdgeOptions>();
    CLI::App* reset = app.add_subcommand("reset", "close an edge's breaker and start it afresh");
    addEdge(reset, edge, true);
    reset->callback([&context, &exit, edge] {
        const EdgeSelector selector = selectorOf(context, *edge);
        exit = printOutcome(
            context, context.client().resetBreaker(selector, Context::author()), "reset", selector);
    });

    auto released = std::make_shared<EdgeOptions>();
    CLI::App* release = app.add_subcommand("release", "end overrides: of SRC DST, or by ID");
    addEdge(release, released, false);
    release->callback([&context, &exit, released] {
        if (released->source.empty()) {
            exit = Context::usage("release wants an override's ID, or SRC DST");
            return;
        }
        const bool byId = released->destination.empty();
        const EdgeSelector selector = byId ? EdgeSelector{} : selectorOf(context, *released);
        exit = printOutcome(context,
            context.client().releaseOverride(
                byId ? released->source : std::string(), selector, Context::author()),
            "released", selector);
    });
}

} // namespace meshyard::ctl
