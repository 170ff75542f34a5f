// SPDX-License-Identifier: GPL-3.0-or-later
// DestinationRule: subsets, and the arithmetic of its policies.
#include "embedded-mesh/config/check_context.h"
#include "embedded-mesh/config/names.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/document/suggestion.h"

#include "istio/kinds/v1/destination_rule.pb.h"
#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <set>

namespace meshyard::config {
namespace {

using namespace kinds::v1;
using namespace std::chrono_literals;
using document::quoted;

constexpr double kInt32Max = 2147483647.0;

bool isPrime(std::uint64_t number)
{
    if (number < 2)
        return false;
    for (std::uint64_t d = 2; d * d <= number; ++d) {
        if (number % d == 0)
            return false;
    }
    return true;
}

void checkBalancer(const CheckContext& context, const std::string& field,
    const LoadBalancerSettings& balancer, bool hasOutlier)
{
    if (balancer.simple() == LoadBalancerSettings::LEAST_CONN)
        context.info("MY0411", field + ".simple", "LEAST_CONN is an old name: write LEAST_REQUEST");
    if (balancer.has_consistent_hash()) {
        const auto& hash = balancer.consistent_hash();
        const std::string place = field + ".consistentHash";
        if (hash.hash_key_case() == LoadBalancerSettings::ConsistentHashLB::HASH_KEY_NOT_SET)
            context.missing(place,
                "say what is hashed: httpHeaderName, httpCookie, useSourceIp or "
                "httpQueryParameterName");
        const std::uint64_t table = hash.maglev().table_size();
        if (table != 0 && (table >= 5'000'011 || !isPrime(table)))
            context.error("MY0401", place + ".maglev.tableSize",
                "the table size must be a prime below 5000011, such as 65537");
    }
    if (balancer.has_warmup()) {
        if (!balancer.warmup().has_duration())
            context.missing(field + ".warmup", "\"duration\" is missing: write for example 30s");
        if (balancer.warmup().has_minimum_percent())
            context.wantRange(field + ".warmup.minimumPercent",
                balancer.warmup().minimum_percent().value(), 0, 100);
    }
    if (!balancer.has_locality_lb_setting())
        return;
    const auto& locality = balancer.locality_lb_setting();
    const std::string place = field + ".localityLbSetting";
    const int ways = (locality.distribute().empty() ? 0 : 1) + (locality.failover().empty() ? 0 : 1)
        + (locality.failover_priority().empty() ? 0 : 1);
    if (ways > 1 && !locality.distribute().empty())
        context.error(
            "MY0409", place, "distribute excludes failover and failoverPriority: keep one");
    for (int i = 0; i < locality.distribute_size(); ++i) {
        const auto& to = locality.distribute(i).to();
        const auto sum = std::accumulate(to.begin(), to.end(), std::uint64_t{0},
            [](std::uint64_t total, const auto& entry) { return total + entry.second; });
        if (sum != 100)
            context.error("MY0405", at(place + ".distribute", i) + ".to",
                fmt::format("the shares add up to {}: they must add up to 100", sum));
    }
    const bool failover = !locality.failover().empty() || !locality.failover_priority().empty();
    const bool off = locality.has_enabled() && !locality.enabled().value();
    if (failover && !off && !hasOutlier)
        context.warning("MY0412", place,
            "locality failover never happens without outlierDetection: "
            "add an outlierDetection block beside loadBalancer");
}

void checkPool(
    const CheckContext& context, const std::string& field, const ConnectionPoolSettings& pool)
{
    const auto limit = [&](const std::string& name, std::int32_t value) {
        context.wantRange(field + name, value, 0, kInt32Max);
    };
    limit(".tcp.maxConnections", pool.tcp().max_connections());
    limit(".http.http1MaxPendingRequests", pool.http().http1_max_pending_requests());
    limit(".http.http2MaxRequests", pool.http().http2_max_requests());
    limit(".http.maxRequestsPerConnection", pool.http().max_requests_per_connection());
    limit(".http.maxRetries", pool.http().max_retries());
    limit(".http.maxConcurrentStreams", pool.http().max_concurrent_streams());
    if (pool.tcp().has_connect_timeout())
        context.wantDuration(field + ".tcp.connectTimeout", pool.tcp().connect_timeout(), 1ms, 1h);
    if (pool.tcp().has_idle_timeout())
        context.wantDuration(field + ".tcp.idleTimeout", pool.tcp().idle_timeout(), 0s, 24h * 365);
    if (pool.http().has_idle_timeout())
        context.wantDuration(
            field + ".http.idleTimeout", pool.http().idle_timeout(), 0s, 24h * 365);
    if (pool.http().use_client_protocol()
        && pool.http().h2_upgrade_policy() == ConnectionPoolSettings::HTTPSettings::UPGRADE)
        context.error("MY0409", field + ".http.useClientProtocol",
            "useClientProtocol excludes h2UpgradePolicy UPGRADE: remove one of them");
}

void checkOutlierRules(
    const CheckContext& context, const std::string& field, const OutlierDetection& outlier)
{
    const auto& consecutive5xx = outlier.consecutive_5xx_errors();
    const std::uint32_t errors = outlier.has_consecutive_5xx_errors() ? consecutive5xx.value() : 5;
    const std::uint32_t gateway = outlier.has_consecutive_gateway_errors()
        ? outlier.consecutive_gateway_errors().value()
        : 0;
    const std::uint32_t local = outlier.has_consecutive_local_origin_failures()
        ? outlier.consecutive_local_origin_failures().value()
        : 5;
    if (gateway > 0 && errors > 0 && gateway >= errors)
        context.warning("MY0413", field + ".consecutiveGatewayErrors",
            fmt::format("this rule never fires: {} errors in a row already eject by "
                        "consecutive5xxErrors; write less than {} or set consecutive5xxErrors to 0",
                errors, errors));
    if (outlier.has_consecutive_local_origin_failures()
        && !outlier.split_external_local_origin_errors())
        context.error("MY0413", field + ".consecutiveLocalOriginFailures",
            "this rule never fires: set splitExternalLocalOriginErrors to true beside it");
    const bool localOn = outlier.split_external_local_origin_errors() && local > 0;
    if (errors == 0 && gateway == 0 && !localOn)
        context.warning(
            "MY0413", field, "no rule is left that could eject: set consecutive5xxErrors");
    if (outlier.consecutive_errors() != 0)
        context.info("MY0411", field + ".consecutiveErrors",
            "consecutiveErrors is an old name: write consecutiveGatewayErrors");
}

void checkOutlier(const CheckContext& context, const std::string& field,
    const OutlierDetection& outlier, std::size_t endpoints)
{
    context.wantRange(field + ".maxEjectionPercent", outlier.max_ejection_percent(), 0, 100);
    context.wantRange(field + ".minHealthPercent", outlier.min_health_percent(), 0, 100);
    if (outlier.has_interval())
        context.wantDuration(field + ".interval", outlier.interval(), 1ms, 24h);
    if (outlier.has_base_ejection_time())
        context.wantDuration(field + ".baseEjectionTime", outlier.base_ejection_time(), 1ms, 24h);
    for (int i = 0; i < outlier.outlier_detection_http_error_codes_size(); ++i)
        context.wantRange(at(field + ".outlierDetectionHttpErrorCodes", i),
            outlier.outlier_detection_http_error_codes(i), 100, 599);
    checkOutlierRules(context, field, outlier);
    const int percent = outlier.max_ejection_percent();
    const auto most = static_cast<std::size_t>(percent > 0 ? percent : 10);
    if (endpoints > 0 && most <= 100 && endpoints * most / 100 == 0) {
        context.warning("MY0414", percent > 0 ? field + ".maxEjectionPercent" : field,
            fmt::format("{} % of {} endpoint{} is less than one: nothing is ever ejected; write "
                        "maxEjectionPercent: {} or more",
                most, endpoints, endpoints == 1 ? "" : "s", (100 + endpoints - 1) / endpoints));
    }
}

template <typename Policy>
void checkPolicyBlocks(const CheckContext& context, const std::string& field, const Policy& policy,
    bool outlierElsewhere, std::size_t endpoints)
{
    if (policy.has_load_balancer())
        checkBalancer(context, field + ".loadBalancer", policy.load_balancer(),
            outlierElsewhere || policy.has_outlier_detection());
    if (policy.has_connection_pool())
        checkPool(context, field + ".connectionPool", policy.connection_pool());
    if (policy.has_outlier_detection())
        checkOutlier(context, field + ".outlierDetection", policy.outlier_detection(), endpoints);
}

void checkPolicy(const CheckContext& context, const std::string& field, const TrafficPolicy& policy,
    bool outlierElsewhere, std::size_t endpoints)
{
    checkPolicyBlocks(context, field, policy, outlierElsewhere, endpoints);
    std::set<std::uint32_t> ports;
    for (int i = 0; i < policy.port_level_settings_size(); ++i) {
        const auto& level = policy.port_level_settings(i);
        const std::string place = at(field + ".portLevelSettings", i);
        context.wantPort(place + ".port.number", level.port().number());
        if (!ports.insert(level.port().number()).second)
            context.error(
                "MY0306", place + ".port", "this port has settings already: merge the two");
        checkPolicyBlocks(context, place, level, false, endpoints);
    }
    if (policy.retry_budget().has_percent())
        context.wantRange(
            field + ".retryBudget.percent", policy.retry_budget().percent().value(), 0, 100);
}

std::size_t countSelected(const ConfigIndex::ServiceFacts* facts, const Subset* subset)
{
    if (!facts || facts->external)
        return 0;
    return static_cast<std::size_t>(
        std::ranges::count_if(facts->instances, [&](const auto& labels) {
            return !subset || std::ranges::all_of(subset->labels(), [&](const auto& wanted) {
                const auto label = labels.find(wanted.first);
                return label != labels.end() && label->second == wanted.second;
            });
        }));
}

std::string nearestLabels(const ConfigIndex::ServiceFacts& facts)
{
    std::set<std::string> versions;
    for (const auto& labels : facts.instances) {
        if (const auto version = labels.find("version"); version != labels.end())
            versions.insert(version->second);
    }
    return versions.empty() ? std::string()
                            : fmt::format("; running versions: {}", fmt::join(versions, ", "));
}

void checkSubsets(const CheckContext& context, const DestinationRule& rule,
    const ConfigIndex::ServiceFacts* facts)
{
    std::set<std::string> names;
    const bool outlier = rule.traffic_policy().has_outlier_detection();
    for (int i = 0; i < rule.subsets_size(); ++i) {
        const Subset& subset = rule.subsets(i);
        const std::string field = at("spec.subsets", i);
        if (subset.name().empty())
            context.missing(field + ".name", "the subset has no name");
        else if (!isDnsName(subset.name()))
            context.error("MY0403", field + ".name",
                quoted(subset.name()) + " is not a name: use lower-case letters, digits and '-'");
        if (!subset.name().empty() && !names.insert(subset.name()).second)
            context.error("MY0306", field + ".name",
                "the subset " + quoted(subset.name()) + " is defined twice: rename one");
        const std::size_t selected = countSelected(facts, &subset);
        if (subset.labels().empty()) {
            context.warning("MY0209", field, "a subset without labels selects every instance");
        } else if (facts && !facts->external && !facts->instances.empty() && selected == 0) {
            const ConfigIndex::Labels labels(subset.labels().begin(), subset.labels().end());
            context.warning("MY0205", field + ".labels",
                fmt::format("no instance of {} is labelled {}{}", quoted(rule.host()),
                    labelsText(labels), nearestLabels(*facts)));
        }
        if (subset.has_traffic_policy())
            checkPolicy(
                context, field + ".trafficPolicy", subset.traffic_policy(), outlier, selected);
    }
}

} // namespace

void checkDestinationRule(const CheckContext& context)
{
    const auto* rule = specOf<DestinationRule>(context.resource);
    if (!rule)
        return;
    if (rule->host().empty()) {
        context.missing("spec.host", "\"host\" is missing: name the service this rule is for");
        return;
    }
    if (!isHostPattern(rule->host()))
        context.error("MY0403", "spec.host", quoted(rule->host()) + " is not a host name");
    const HostTarget host = resolveHost(rule->host(), context.ns());
    const auto* facts = context.index.service(host);
    if (!facts && context.index.knowsMesh() && !rule->host().starts_with('*'))
        context.warning("MY0201", "spec.host",
            fmt::format("no service {} is known in {}{}", quoted(rule->host()), host.ns,
                context.index.serviceCure(host)));
    for (const Resource* rival : context.index.rulesOf(host)) {
        if (rival->id == context.resource.id)
            continue;
        context.warning("MY0304", "spec.host",
            fmt::format("DestinationRule {} is for {} too: only the older one acts, merge them",
                quoted(rival->id.ns + "/" + rival->id.name), quoted(rule->host())));
        break;
    }
    if (rule->has_traffic_policy())
        checkPolicy(context, "spec.trafficPolicy", rule->traffic_policy(), false,
            countSelected(facts, nullptr));
    checkSubsets(context, *rule, facts);
}

} // namespace meshyard::config
