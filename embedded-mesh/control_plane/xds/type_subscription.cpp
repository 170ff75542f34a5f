// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/type_subscription.h"

#include "envoy/service/runtime/v3/rtds.pb.h"

#include <algorithm>
#include <utility>

namespace meshyard::control_plane {

namespace {

bool isFullState(XdsType type)
{
    return type == XdsType::Cluster || type == XdsType::Listener || type == XdsType::Override;
}

bool sameVersions(const std::map<std::string, XdsResourcePtr, std::less<>>& a,
    const std::map<std::string, XdsResourcePtr, std::less<>>& b)
{
    return std::ranges::equal(a, b, [](const auto& x, const auto& y) {
        return x.first == y.first && x.second->version == y.second->version;
    });
}

std::string versionOf(const std::map<std::string, XdsResourcePtr, std::less<>>& resources)
{
    std::map<std::string, std::string> versions;
    for (const auto& [name, resource] : resources)
        versions.emplace(name, resource->version);
    return contentVersion(versions);
}

} // namespace

TypeSubscription::TypeSubscription(XdsType type)
    : m_type(type)
{
}

bool TypeSubscription::onRequest(const Request& request)
{
    // Before our first answer any nonce is one of an earlier stream: a first request all the same.
    const bool isVerdict = !request.response_nonce().empty() && !m_nonce.empty();
    if (isVerdict && request.response_nonce() != m_nonce)
        return false;
    if (!m_subscribed)
        m_claimedVersion = request.version_info();
    const std::set<std::string> before = m_names;
    const bool wasAwaiting = m_awaitingAck;
    m_nothingDueFor.clear();
    if (isVerdict)
        takeVerdict(request);
    takeNames(request);
    m_repeated = isVerdict && !wasAwaiting && !request.has_error_detail() && before == m_names;
    return true;
}

void TypeSubscription::takeVerdict(const Request& request)
{
    m_awaitingAck = false;
    if (request.has_error_detail()) {
        m_nack = request.error_detail().message();
        if (m_nack.empty())
            m_nack = "refused without a message";
        m_rejected.insert(m_inFlight.begin(), m_inFlight.end());
        m_inFlight.clear();
        return;
    }
    m_ackedVersion = m_sentVersion;
    if (isFullState(m_type))
        m_rejected.clear();
    for (const std::string& name : m_inFlight)
        m_rejected.erase(name);
    m_inFlight.clear();
    if (m_rejected.empty())
        m_nack.clear();
}

void TypeSubscription::takeNames(const Request& request)
{
    m_subscribed = true;
    std::set<std::string> names(request.resource_names().begin(), request.resource_names().end());
    if (names.empty()) {
        m_wildcard = !m_everNamed && isFullState(m_type);
    } else {
        m_everNamed = true;
        m_wildcard = names.erase("*") > 0 && isFullState(m_type);
    }
    m_names = std::move(names);
    std::erase_if(m_sent, [this](const auto& entry) { return !wants(entry.first); });
    std::erase_if(m_rejected, [this](const std::string& name) { return !wants(name); });
    std::erase_if(m_forced, [this](const std::string& name) { return !wants(name); });
    if (m_rejected.empty() && !isFullState(m_type))
        m_nack.clear();
}

void TypeSubscription::settle(const ResourceSet& wanted)
{
    if (m_nothingDueFor == wanted.version)
        return;
    if (!m_answered && m_subscribed && m_wildcard && m_names.empty() && !m_claimedVersion.empty()
        && m_claimedVersion == wanted.version) {
        m_sent = wanted.resources;
        m_ackedVersion = wanted.version;
        m_answered = true;
    }
    // By-name types: what comes back later must be sent again, even at its old version.
    if (!isFullState(m_type) && m_type != XdsType::Runtime)
        std::erase_if(
            m_sent, [&wanted](const auto& entry) { return wanted.find(entry.first) == nullptr; });
}

std::optional<TypeSubscription::Plan> TypeSubscription::plan(const ResourceSet& wanted) const
{
    if (!m_subscribed || m_nothingDueFor == wanted.version)
        return std::nullopt;
    auto plan = isFullState(m_type) ? planFullState(wanted) : planByName(wanted);
    if (!plan)
        m_nothingDueFor = wanted.version;
    return plan;
}

std::optional<TypeSubscription::Plan> TypeSubscription::planFullState(
    const ResourceSet& wanted) const
{
    if (m_wildcard) {
        if (m_answered && sameVersions(wanted.resources, m_sent))
            return std::nullopt;
        Plan plan;
        plan.asked = !m_answered;
        plan.version = wanted.version;
        for (const auto& [name, resource] : wanted.resources)
            plan.resources.push_back(resource);
        return plan;
    }
    std::map<std::string, XdsResourcePtr, std::less<>> named;
    for (const std::string& name : m_names) {
        if (const auto found = wanted.resources.find(name); found != wanted.resources.end())
            named.emplace(name, found->second);
    }
    if (sameVersions(named, m_sent))
        return std::nullopt;
    Plan plan;
    plan.version = versionOf(named);
    for (const auto& [name, resource] : named) {
        plan.asked = plan.asked || !m_sent.contains(name);
        plan.resources.push_back(resource);
    }
    return plan;
}

std::optional<TypeSubscription::Plan> TypeSubscription::planByName(const ResourceSet& wanted) const
{
    Plan plan;
    plan.version = wanted.version;
    for (const std::string& name : m_names) {
        const XdsResourcePtr resource = lookup(wanted, name);
        if (!resource)
            continue;
        const auto sent = m_sent.find(name);
        const bool isNew = sent == m_sent.end();
        const bool isForced = m_forced.contains(name);
        if (!isNew && !isForced && sent->second->version == resource->version)
            continue;
        plan.asked = plan.asked || isNew || (isForced && m_repeated);
        plan.resources.push_back(resource);
    }
    if (plan.resources.empty())
        return std::nullopt;
    // The client may have refused good ones together with the bad one.
    for (const std::string& name : m_rejected) {
        const XdsResourcePtr resource = lookup(wanted, name);
        if (resource && std::ranges::find(plan.resources, resource) == plan.resources.end())
            plan.resources.push_back(resource);
    }
    return plan;
}

XdsResourcePtr TypeSubscription::lookup(const ResourceSet& wanted, const std::string& name) const
{
    if (const auto found = wanted.resources.find(name); found != wanted.resources.end())
        return found->second;
    if (m_type != XdsType::Runtime)
        return nullptr;
    // An unanswered layer would delay an Envoy's start by 15 s.
    envoy::service::runtime::v3::Runtime empty;
    empty.set_name(name);
    return makeResource(name, empty);
}

void TypeSubscription::markSent(const Plan& plan, std::string nonce)
{
    m_nothingDueFor.clear();
    m_inFlight.clear();
    if (isFullState(m_type))
        m_sent.clear();
    for (const XdsResourcePtr& resource : plan.resources) {
        m_sent[resource->name] = resource;
        m_inFlight.insert(resource->name);
        m_forced.erase(resource->name);
    }
    m_answered = true;
    m_awaitingAck = true;
    m_repeated = false;
    m_nonce = std::move(nonce);
    m_sentVersion = plan.version;
}

void TypeSubscription::force(const std::string& name)
{
    if (!m_names.contains(name) || !m_sent.contains(name))
        return;
    m_forced.insert(name);
    m_nothingDueFor.clear();
}

TypeStatus TypeSubscription::status(const ResourceSet& wanted) const
{
    TypeStatus status;
    status.subscribed = m_subscribed;
    status.ackedVersion = m_ackedVersion;
    status.nack = m_nack;
    status.upToDate = m_subscribed && !m_awaitingAck && m_nack.empty() && !plan(wanted);
    return status;
}

} // namespace meshyard::control_plane
