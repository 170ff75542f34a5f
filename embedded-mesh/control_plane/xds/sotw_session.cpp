// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/sotw_session.h"

#include "meshyard/v1/override.pb.h"

#include <algorithm>
#include <utility>

namespace meshyard::control_plane {

namespace {

template <std::size_t... I>
std::array<TypeSubscription, kXdsTypes> makeSubscriptions(std::index_sequence<I...>)
{
    return {TypeSubscription(kAllXdsTypes[I])...};
}

} // namespace

SotwSession::SotwSession(const Clock& clock)
    : m_clock(clock)
    , m_types(makeSubscriptions(std::make_index_sequence<kXdsTypes>()))
{
}

void SotwSession::setNode(const NodeInfo& node)
{
    m_node = node;
}

Result<void> SotwSession::onRequest(const Request& request)
{
    if (request.type_url().empty())
        return failure(ErrorCode::InvalidArgument, "type_url is missing: ADS needs it");
    if (const auto type = xdsTypeOf(request.type_url()))
        of(*type).onRequest(request);
    return {};
}

void SotwSession::setSnapshot(NodeSnapshotPtr snapshot)
{
    m_snapshot = std::move(snapshot);
}

std::vector<SotwSession::Response> SotwSession::takeResponses()
{
    std::vector<Response> out;
    if (!m_snapshot)
        return out;
    for (const XdsType type : kAllXdsTypes)
        of(type).settle(wanted(type));
    for (bool progress = true; progress;) {
        progress = false;
        refreshClusterSet();
        for (const XdsType type : kAllXdsTypes)
            progress = trySend(type, out) || progress;
    }
    return out;
}

void SotwSession::refreshClusterSet()
{
    m_clusters = m_snapshot->sets[static_cast<std::size_t>(XdsType::Cluster)];
    const auto stillUsed = [this](XdsType type) {
        return of(type).isSubscribed() && (isBusy(type) || of(type).isRejected());
    };
    if (!stillUsed(XdsType::Listener) && !stillUsed(XdsType::Route))
        return;
    std::shared_ptr<ResourceSet> united;
    for (const auto& [name, resource] : of(XdsType::Cluster).sent()) {
        if (m_clusters->find(name) != nullptr && !united)
            continue;
        if (!united)
            united = std::make_shared<ResourceSet>(*m_clusters);
        united->resources.emplace(name, resource);
    }
    if (united) {
        united->seal();
        m_clusters = std::move(united);
    }
}

bool SotwSession::trySend(XdsType type, std::vector<Response>& out)
{
    auto& heldSince = m_heldSince[static_cast<std::size_t>(type)];
    TypeSubscription& subscription = of(type);
    if (!subscription.isSubscribed() || subscription.isAwaitingAck())
        return false;
    const auto plan = subscription.plan(type == XdsType::Cluster ? *m_clusters : wanted(type));
    if (!plan) {
        heldSince.reset();
        return false;
    }
    if (mustWait(type, *plan)) {
        if (!heldSince)
            heldSince = m_clock.now();
        if (m_clock.now() - *heldSince < kHoldBack)
            return false;
    }
    heldSince.reset();
    if (type == XdsType::Cluster)
        forceEndpointsOfChanged(*plan);
    std::string nonce = std::to_string(++m_nonces);
    out.push_back(buildResponse(type, *plan, nonce));
    subscription.markSent(*plan, std::move(nonce));
    return true;
}

bool SotwSession::mustWait(XdsType type, const TypeSubscription::Plan& plan) const
{
    switch (type) {
    case XdsType::Endpoints:
        return !plan.asked && isBusy(XdsType::Cluster);
    case XdsType::Listener:
        return clustersUnsettled();
    case XdsType::Route:
        return clustersUnsettled() || (!plan.asked && isBusy(XdsType::Listener));
    default:
        return false;
    }
}

bool SotwSession::isBusy(XdsType type) const
{
    const TypeSubscription& subscription = of(type);
    if (!subscription.isSubscribed())
        return false;
    const ResourceSet& target = type == XdsType::Cluster && m_clusters ? *m_clusters : wanted(type);
    return subscription.isAwaitingAck() || subscription.plan(target).has_value();
}

bool SotwSession::clustersUnsettled() const
{
    return isBusy(XdsType::Cluster) || isBusy(XdsType::Endpoints)
        || (!of(XdsType::Cluster).isRejected() && lacksNames(XdsType::Cluster, XdsType::Endpoints));
}

bool SotwSession::lacksNames(XdsType parent, XdsType child) const
{
    if (!of(parent).isWildcard())
        return false;
    return std::ranges::any_of(
        wanted(child).resources, [&](const auto& entry) { return !of(child).wants(entry.first); });
}

void SotwSession::forceEndpointsOfChanged(const TypeSubscription::Plan& plan)
{
    const auto& sent = of(XdsType::Cluster).sent();
    for (const XdsResourcePtr& resource : plan.resources) {
        const auto before = sent.find(resource->name);
        if (before != sent.end() && before->second->version != resource->version)
            of(XdsType::Endpoints).force(resource->name);
    }
}

SotwSession::Response SotwSession::buildResponse(
    XdsType type, const TypeSubscription::Plan& plan, std::string nonce) const
{
    Response response;
    response.set_type_url(std::string(typeUrl(type)));
    response.set_version_info(plan.version);
    response.set_nonce(std::move(nonce));
    response.mutable_control_plane()->set_identifier("meshyardd");
    for (const XdsResourcePtr& resource : plan.resources)
        *response.add_resources() = pack(type, *resource);
    return response;
}

google::protobuf::Any SotwSession::pack(XdsType type, const XdsResource& resource) const
{
    if (type != XdsType::Override || resource.deadlineUnixMs <= 0)
        return resource.body;
    const auto now = std::chrono::duration_cast<std::chrono::milliseconds>(
        m_clock.system().time_since_epoch());
    const std::int64_t remaining = std::max<std::int64_t>(1, resource.deadlineUnixMs - now.count());
    v1::EdgeOverride body;
    if (!resource.body.UnpackTo(&body))
        return resource.body;
    body.set_remaining_ms(remaining);
    google::protobuf::Any any = packDeterministically(body);
    if (!m_node.wrapsResources)
        return any;
    envoy::service::discovery::v3::Resource wrapped;
    wrapped.set_name(resource.name);
    wrapped.set_version(resource.version);
    *wrapped.mutable_resource() = std::move(any);
    wrapped.mutable_ttl()->set_seconds(remaining / 1000);
    wrapped.mutable_ttl()->set_nanos(static_cast<std::int32_t>(remaining % 1000) * 1'000'000);
    return packDeterministically(wrapped);
}

std::optional<TimePoint> SotwSession::deadline() const
{
    std::optional<TimePoint> earliest;
    for (const auto& since : m_heldSince) {
        if (since && (!earliest || *since + kHoldBack < *earliest))
            earliest = *since + kHoldBack;
    }
    return earliest;
}

std::array<TypeStatus, kXdsTypes> SotwSession::status() const
{
    static const NodeSnapshot none;
    std::array<TypeStatus, kXdsTypes> all;
    for (const XdsType type : kAllXdsTypes)
        all[static_cast<std::size_t>(type)]
            = of(type).status(m_snapshot ? wanted(type) : none.of(type));
    return all;
}

bool SotwSession::isInSync() const
{
    if (!m_snapshot)
        return false;
    for (const TypeStatus& type : status()) {
        if (type.subscribed && !type.upToDate)
            return false;
    }
    if (m_node.kind.starts_with("meshyard-proxy")
        && !(of(XdsType::Cluster).isSubscribed() && of(XdsType::Listener).isSubscribed()))
        return false;
    return !lacksNames(XdsType::Cluster, XdsType::Endpoints)
        && !lacksNames(XdsType::Listener, XdsType::Route);
}

} // namespace meshyard::control_plane
