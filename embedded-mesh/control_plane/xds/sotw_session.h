// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/xds/type_subscription.h"
#include "embedded-mesh/control_plane/xds/xds_cache.h"
#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/result.h"

#include <array>
#include <optional>
#include <vector>

namespace meshyard::control_plane {

/// One SotW ADS stream as a state machine without any transport: requests and snapshots in,
/// responses out. A change travels make before break: clusters, their endpoints, listeners, routes,
/// and only then clusters without the removed ones. A type waits for the one before it at most
/// kHoldBack.
///
/// Thread: one at a time.
/// Follows the xDS protocol text, "Eventual consistency considerations", and gRPC A46.
class SotwSession final
{
public:
    using Request = envoy::service::discovery::v3::DiscoveryRequest;
    using Response = envoy::service::discovery::v3::DiscoveryResponse;
    static constexpr std::chrono::milliseconds kHoldBack{1000};

    explicit SotwSession(const Clock& clock);

    /// From the first message's node.
    void setNode(const NodeInfo& node);
    /// @return InvalidArgument: the stream must end. Unknown types are ignored.
    Result<void> onRequest(const Request& request);
    /// @param snapshot null = not known yet: requests wait.
    void setSnapshot(NodeSnapshotPtr snapshot);

    /// All responses that may be sent now, in order. To be called after every event and at
    /// deadline().
    std::vector<Response> takeResponses();
    /// When a held-back response becomes due without any further event.
    std::optional<TimePoint> deadline() const;

    std::uint64_t revision() const { return m_snapshot ? m_snapshot->revision : 0; }
    std::array<TypeStatus, kXdsTypes> status() const;
    /// The client holds and has acknowledged the whole snapshot.
    bool isInSync() const;

private:
    TypeSubscription& of(XdsType type) { return m_types[static_cast<std::size_t>(type)]; }
    const TypeSubscription& of(XdsType type) const
    {
        return m_types[static_cast<std::size_t>(type)];
    }
    const ResourceSet& wanted(XdsType type) const { return m_snapshot->of(type); }
    void refreshClusterSet();
    bool trySend(XdsType type, std::vector<Response>& out);
    bool mustWait(XdsType type, const TypeSubscription::Plan& plan) const;
    bool isBusy(XdsType type) const;
    bool clustersUnsettled() const;
    bool lacksNames(XdsType parent, XdsType child) const;
    void forceEndpointsOfChanged(const TypeSubscription::Plan& plan);
    Response buildResponse(
        XdsType type, const TypeSubscription::Plan& plan, std::string nonce) const;
    google::protobuf::Any pack(XdsType type, const XdsResource& resource) const;

    const Clock& m_clock; // outlives us
    NodeInfo m_node;
    NodeSnapshotPtr m_snapshot;
    ResourceSetPtr m_clusters; ///< wanted clusters and, while routes still use them, removed ones
    std::array<TypeSubscription, kXdsTypes> m_types;
    std::array<std::optional<TimePoint>, kXdsTypes> m_heldSince;
    std::uint64_t m_nonces = 0;
};

} // namespace meshyard::control_plane
