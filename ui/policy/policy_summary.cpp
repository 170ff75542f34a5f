// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/policy/policy_summary.h"

#include "ui/theme/figures.h"

#include <QCoreApplication>

#include <initializer_list>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

struct PolicySummary
{
    Q_DECLARE_TR_FUNCTIONS(meshyard::ui::PolicySummary)
};

using Node = document::Node;

const Node* descend(const Node* node, std::initializer_list<const char*> path)
{
    for (const char* key : path) {
        if (!node)
            return nullptr;
        node = node->find(key);
    }
    return node;
}

QString textOf(const Node* node)
{
    return node && node->isScalar() ? QString::fromStdString(node->text) : QString();
}

QString seconds(BreakerPolicy::Duration duration)
{
    return latencyFigure(static_cast<double>(duration.count())).text();
}

QStringList routeParts(const Node& http)
{
    QStringList parts;
    if (const QString timeout = textOf(http.find("timeout")); !timeout.isEmpty())
        parts << PolicySummary::tr("timeout %1").arg(timeout);
    if (const QString attempts = textOf(descend(&http, {"retries", "attempts"}));
        !attempts.isEmpty())
        parts << PolicySummary::tr("%1 retries").arg(attempts);
    if (const Node* fault = http.find("fault")) {
        if (fault->find("delay"))
            parts << PolicySummary::tr("delays some calls");
        if (fault->find("abort"))
            parts << PolicySummary::tr("aborts some calls");
    }
    return parts;
}

QString virtualServiceSummary(const config::Resource& resource)
{
    const Node* routes = descend(resource.tree.get(), {"spec", "http"});
    if (!routes || !routes->isSequence() || routes->items.empty())
        return PolicySummary::tr("no HTTP route");
    QStringList parts{
        PolicySummary::tr("%n route(s)", nullptr, static_cast<int>(routes->items.size()))};
    parts << routeParts(routes->items.back());
    return parts.join(u" · "_s);
}

QString destinationRuleSummary(const config::Resource& resource)
{
    const Node* policy = descend(resource.tree.get(), {"spec", "trafficPolicy"});
    QStringList parts;
    if (const QString balancer = textOf(descend(policy, {"loadBalancer", "simple"}));
        !balancer.isEmpty())
        parts << QString(balancer).toLower().replace(u'_', u' ');
    if (const QString most
        = textOf(descend(policy, {"connectionPool", "http", "http2MaxRequests"}));
        !most.isEmpty())
        parts << PolicySummary::tr("at most %1 requests").arg(most);
    if (const QString most = textOf(descend(policy, {"connectionPool", "tcp", "maxConnections"}));
        !most.isEmpty())
        parts << PolicySummary::tr("at most %1 connections").arg(most);
    if (const QString count = textOf(descend(policy, {"outlierDetection", "consecutive5xxErrors"}));
        !count.isEmpty())
        parts << PolicySummary::tr("ejects after %1 × 5xx").arg(count);
    if (const Node* subsets = descend(resource.tree.get(), {"spec", "subsets"}))
        parts << PolicySummary::tr(
            "%n subset(s)", nullptr, static_cast<int>(subsets->items.size()));
    return parts.isEmpty() ? PolicySummary::tr("nothing set") : parts.join(u" · "_s);
}

} // namespace

QString summaryOf(const BreakerPolicy& policy)
{
    if (!policy.enabled)
        return PolicySummary::tr("switched off");
    QStringList parts{PolicySummary::tr("window %1").arg(seconds(policy.window)),
        PolicySummary::tr("≥ %1 calls").arg(policy.minCalls)};
    if (policy.failureRatio > 0)
        parts << PolicySummary::tr("%1 % failures").arg(threeDigits(policy.failureRatio * 100));
    if (policy.consecutive > 0)
        parts << PolicySummary::tr("%1 in a row").arg(policy.consecutive);
    if (policy.mode == BreakerMode::Observe)
        parts << PolicySummary::tr("observes only");
    return parts.join(u" · "_s);
}

QString summaryOf(const config::Resource& resource)
{
    if (resource.id.kind == "VirtualService")
        return virtualServiceSummary(resource);
    if (resource.id.kind == "DestinationRule")
        return destinationRuleSummary(resource);
    if (resource.id.kind == "CircuitBreaker")
        return summaryOf(config::breakerPolicyOf(resource));
    return {};
}

void addRouteWeights(
    const config::Resource& virtualService, std::map<std::string, RouteWeights>& into)
{
    const Node* routes = descend(virtualService.tree.get(), {"spec", "http"});
    if (!routes || !routes->isSequence())
        return;
    const Node* route = nullptr;
    for (const Node& http : routes->items)
        if (!http.find("match"))
            route = http.find("route");
    if (!route || !route->isSequence())
        return;
    std::map<std::string, RouteWeights> found;
    for (const Node& entry : route->items) {
        const QString host = textOf(descend(&entry, {"destination", "host"}));
        const QString subset = textOf(descend(&entry, {"destination", "subset"}));
        const QString weight = textOf(entry.find("weight"));
        const auto target = config::resolveHost(host.toStdString(), virtualService.id.ns);
        const int share = weight.isEmpty() ? (route->items.size() == 1 ? 100 : 0) : weight.toInt();
        found[target.ns + '/' + target.service].subsets.emplace_back(subset.toStdString(), share);
    }
    for (auto& [service, weights] : found)
        into.insert_or_assign(service, std::move(weights));
}

} // namespace meshyard::ui
