// SPDX-License-Identifier: GPL-3.0-or-later
// VirtualService: shape, weights, timeouts, faults. What shadows what: check_shadowing.cpp.
#include "embedded-mesh/config/check_context.h"
#include "embedded-mesh/config/check_shadowing.h"
#include "embedded-mesh/config/names.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/document/field_path.h"
#include "embedded-mesh/document/go_duration.h"
#include "embedded-mesh/document/suggestion.h"

#include "istio/kinds/v1/virtual_service.pb.h"
#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace meshyard::config {
namespace {

using namespace kinds::v1;
using namespace std::chrono_literals;
using document::quoted;
using document::toGoDuration;

void checkHosts(const CheckContext& context, const VirtualService& spec)
{
    if (spec.hosts().empty())
        context.missing(
            "spec.hosts", "\"hosts\" is missing: name the hosts whose calls are routed");
    const bool onMesh = spec.gateways().empty()
        || std::ranges::find(spec.gateways(), std::string("mesh")) != spec.gateways().end();
    std::set<std::string> seen;
    for (int i = 0; i < spec.hosts_size(); ++i) {
        const std::string field = at("spec.hosts", i);
        const std::string& host = spec.hosts(i);
        if (!isHostPattern(host))
            context.error("MY0403", field, quoted(host) + " is not a host name");
        else if (host == "*" && onMesh)
            context.error("MY0403", field,
                "\"*\" can't be routed inside the mesh: name a host, or bind to a gateway");
        if (!seen.insert(host).second)
            context.error("MY0306", field, "the host " + quoted(host) + " is listed twice");
    }
}

void checkGateways(const CheckContext& context, const VirtualService& spec)
{
    for (int i = 0; i < spec.gateways_size(); ++i) {
        const std::string key = gatewayKey(spec.gateways(i), context.ns());
        if (key != "mesh" && !context.index.hasGateway(key)) {
            context.warning("MY0203", at("spec.gateways", i),
                fmt::format("there is no Gateway {}: nothing comes in until there is one{}",
                    quoted(key), document::didYouMean(key, context.index.gatewayNames())));
        }
    }
}

void checkRivals(const CheckContext& context, const VirtualService& spec)
{
    std::vector<std::string> gateways(spec.gateways().begin(), spec.gateways().end());
    if (gateways.empty())
        gateways.emplace_back("mesh");
    for (int i = 0; i < spec.hosts_size(); ++i) {
        for (const auto& gateway : gateways) {
            const auto& rivals
                = context.index.routesOf(routeKey(spec.hosts(i), context.ns(), gateway));
            for (const Resource* rival : rivals) {
                if (rival->id == context.resource.id)
                    continue;
                context.warning("MY0301", at("spec.hosts", i),
                    fmt::format(
                        "VirtualService {} routes {} too: only the older one acts, merge them",
                        quoted(rival->id.ns + "/" + rival->id.name), quoted(spec.hosts(i))));
                break;
            }
        }
    }
}

// Weights are relative: w of the sum. One destination takes all, whatever it says.
template <typename Routes>
void checkWeights(const CheckContext& context, const std::string& field, const Routes& routes)
{
    std::int64_t sum = 0;
    bool negative = false;
    std::set<std::string> seen;
    for (int i = 0; i < routes.size(); ++i) {
        const auto& route = routes.Get(i);
        const std::string place = at(field, i);
        if (route.weight() < 0) {
            negative = true;
            context.error(
                "MY0401", place + ".weight", "a weight can't be negative: write 0 or more");
        }
        sum += route.weight();
        const auto& to = route.destination();
        checkDestination(
            context, place + ".destination", to.host(), to.subset(), to.port().number());
        if (!seen.insert(to.host() + "|" + to.subset() + "|" + std::to_string(to.port().number()))
                .second)
            context.warning("MY0305", place + ".destination",
                "this destination is listed before: add the weights up in one");
    }
    if (negative || routes.size() == 0)
        return;
    if (routes.size() == 1) {
        const int weight = routes.Get(0).weight();
        if (weight != 0 && weight != 100)
            context.warning("MY0404", at(field, 0) + ".weight",
                "a single destination takes every call: its weight has no effect");
    } else if (sum == 0) {
        context.error(
            "MY0405", field, "the weights add up to 0: give at least one destination a weight");
    } else if (sum != 100) {
        context.info("MY0406", field,
            fmt::format("the weights add up to {}: each destination gets its share of that", sum));
    }
}

void checkRetries(const CheckContext& context, const std::string& field, const HttpRoute& route)
{
    const HttpRetry& retries = route.retries();
    const std::string place = field + ".retries";
    context.wantRange(place + ".attempts", retries.attempts(), 0, 100);
    if (retries.has_per_try_timeout())
        context.wantDuration(place + ".perTryTimeout", retries.per_try_timeout(), 1ms, 24h);
    if (retries.has_backoff())
        context.wantDuration(place + ".backoff", retries.backoff(), 1ms, 1h);
    if (!retries.has_per_try_timeout() || !route.has_timeout() || retries.attempts() < 1)
        return;
    const auto timeout = toNanos(route.timeout());
    const auto perTry = toNanos(retries.per_try_timeout());
    const int tries = std::min(retries.attempts(), 100) + 1;
    if (timeout > 0ns && perTry > 0ns && perTry < 24h && perTry * tries > timeout) {
        context.warning("MY0407", place + ".perTryTimeout",
            fmt::format(
                "{} tries of {} take {}, but the timeout is {}: the last tries never happen; "
                "lower attempts or perTryTimeout, or raise the timeout",
                tries, toGoDuration(perTry), toGoDuration(perTry * tries), toGoDuration(timeout)));
    }
}

void checkFault(
    const CheckContext& context, const std::string& field, const HttpFaultInjection& fault)
{
    const auto percentage = [&](const std::string& place, bool given, double value) {
        if (given)
            context.wantRange(place + ".percentage.value", value, 0, 100);
        else
            context.warning("MY0408", place,
                "without \"percentage\" no request is affected: add percentage: {value: 100}");
    };
    if (fault.has_delay()) {
        const auto& delay = fault.delay();
        percentage(field + ".delay", delay.has_percentage() || delay.percent() != 0,
            delay.percentage().value());
        if (delay.has_fixed_delay())
            context.wantDuration(field + ".delay.fixedDelay", delay.fixed_delay(), 1ms, 24h);
        else
            context.missing(
                field + ".delay", "the delay has no \"fixedDelay\": write for example 2s");
    }
    if (fault.has_abort()) {
        const auto& abort = fault.abort();
        percentage(field + ".abort", abort.has_percentage(), abort.percentage().value());
        if (abort.error_type_case() == HttpFaultInjection::Abort::kHttpStatus)
            context.wantRange(field + ".abort.httpStatus", abort.http_status(), 200, 599);
        else if (abort.error_type_case() == HttpFaultInjection::Abort::ERROR_TYPE_NOT_SET)
            context.missing(
                field + ".abort", "the abort has no \"httpStatus\": write for example 503");
    }
}

void checkOutcome(const CheckContext& context, const std::string& field, const HttpRoute& route)
{
    const int outcomes = (route.route().empty() ? 0 : 1) + (route.has_redirect() ? 1 : 0)
        + (route.has_direct_response() ? 1 : 0);
    const bool delegated = context.resource.tree && [&] {
        const auto path = document::FieldPath::parse(field + ".delegate");
        return path && document::locate(*context.resource.tree, *path);
    }();
    if (outcomes == 0 && !delegated)
        context.missing(field, "the rule leads nowhere: give it route, redirect or directResponse");
    else if (outcomes > 1)
        context.error("MY0409", field,
            "route, redirect and directResponse exclude each other: keep one of them");
    if (route.has_redirect() && route.redirect().redirect_code() != 0)
        context.wantRange(
            field + ".redirect.redirectCode", route.redirect().redirect_code(), 300, 399);
    if (route.has_direct_response())
        context.wantRange(
            field + ".directResponse.status", route.direct_response().status(), 200, 599);
    if (route.has_fault() && route.has_redirect())
        context.error(
            "MY0409", field + ".fault", "a redirect can't have a fault: remove one of them");
    if (route.has_rewrite() && outcomes > 0 && route.route().empty())
        context.error(
            "MY0409", field + ".rewrite", "only routed requests can be rewritten: remove it");
    if (!route.rewrite().uri().empty() && route.rewrite().has_uri_regex_rewrite())
        context.error("MY0409", field + ".rewrite", "uri and uriRegexRewrite exclude each other");
}

void checkMatches(const CheckContext& context, const std::string& field, const HttpRoute& route)
{
    const auto pattern = [&](const std::string& place, const StringMatch& match) {
        if (match.regex().size() > 1024)
            context.error(
                "MY0401", place + ".regex", "a regular expression has at most 1024 characters");
    };
    for (int i = 0; i < route.match_size(); ++i) {
        const auto& match = route.match(i);
        const std::string place = at(field + ".match", i);
        if (match.port() != 0)
            context.wantPort(place + ".port", match.port());
        pattern(place + ".uri", match.uri());
        for (const auto& [name, value] : match.headers())
            pattern(place + ".headers." + name, value);
        if (match.ignore_uri_case() && match.uri().match_type_case() == StringMatch::kRegex)
            context.warning("MY0410", place + ".ignoreUriCase",
                "it has no effect on a regex: begin the expression with (?i)");
        for (int g = 0; g < match.gateways_size(); ++g) {
            const std::string key = gatewayKey(match.gateways(g), context.ns());
            if (key != "mesh" && !context.index.hasGateway(key))
                context.warning("MY0203", at(place + ".gateways", g),
                    "there is no Gateway " + quoted(key) + ": this match never applies");
        }
    }
}

void checkHttpRoute(const CheckContext& context, const std::string& field, const HttpRoute& route)
{
    checkMatches(context, field, route);
    checkOutcome(context, field, route);
    checkWeights(context, field + ".route", route.route());
    if (route.has_timeout())
        context.wantDuration(field + ".timeout", route.timeout(), 0s, 24h * 365);
    if (route.has_retries())
        checkRetries(context, field, route);
    if (route.has_fault())
        checkFault(context, field + ".fault", route.fault());
    if (route.has_mirror()) {
        const auto& to = route.mirror();
        checkDestination(context, field + ".mirror", to.host(), to.subset(), to.port().number());
        if (!route.mirrors().empty())
            context.error("MY0409", field + ".mirror", "mirror and mirrors exclude each other");
    }
    if (route.has_mirror_percentage())
        context.wantRange(
            field + ".mirrorPercentage.value", route.mirror_percentage().value(), 0, 100);
    for (int i = 0; i < route.mirrors_size(); ++i) {
        const auto& to = route.mirrors(i).destination();
        checkDestination(context, at(field + ".mirrors", i) + ".destination", to.host(),
            to.subset(), to.port().number());
    }
}

// Retries at every hop multiply: three hops with two retries each turn one call into 27.
void checkRetryStorm(const CheckContext& context, const VirtualService& spec)
{
    constexpr double kStorm = 10;
    const bool retries = std::ranges::any_of(
        spec.http(), [](const HttpRoute& rule) { return rule.retries().attempts() > 0; });
    for (int i = 0; retries && i < spec.hosts_size(); ++i) {
        const auto path
            = context.index.retryPaths().through(resolveHost(spec.hosts(i), context.ns()));
        if (path.product < kStorm || path.hops.size() < 2)
            continue;
        std::string hops;
        for (const auto& hop : path.hops)
            hops += fmt::format(
                "{}{} {} tries", hops.empty() ? "" : ", ", hop.first.service, hop.second);
        context.warning("MY0415", at("spec.hosts", i),
            fmt::format(
                "one call can become {:.0f} calls of {} when things fail ({}): retry in one place "
                "only",
                path.product, quoted(path.hops.back().first.service), hops));
    }
}

} // namespace

void checkVirtualService(const CheckContext& context)
{
    const auto* spec = specOf<VirtualService>(context.resource);
    if (!spec)
        return;
    checkHosts(context, *spec);
    checkGateways(context, *spec);
    checkRivals(context, *spec);
    checkRetryStorm(context, *spec);
    if (spec->http().empty() && spec->tls().empty() && spec->tcp().empty())
        context.missing("spec", "there is no rule: give it at least one of http, tls and tcp");
    for (int i = 0; i < spec->http_size(); ++i)
        checkHttpRoute(context, at("spec.http", i), spec->http(i));
    for (int i = 0; i < spec->tls_size(); ++i)
        checkWeights(context, at("spec.tls", i) + ".route", spec->tls(i).route());
    for (int i = 0; i < spec->tcp_size(); ++i)
        checkWeights(context, at("spec.tcp", i) + ".route", spec->tcp(i).route());
    checkShadowing(context, *spec);
}

} // namespace meshyard::config
