// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/xds/snapshot.h"
#include "embedded-mesh/control_plane/xds/sync_tracker.h"

#include "envoy/service/discovery/v3/discovery.pb.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace meshyard::control_plane {

/// What one client holds of one type on one SotW stream: its names, what was sent, the nonce that
/// is out, and what it refused.
///
/// Clusters, listeners and overrides are sent as complete sets (what is absent is deleted); all
/// other types name by name. A refused response is not repeated until something in it changes.
/// Thread: one at a time. Follows the SotW rules of the xDS protocol text.
class TypeSubscription final
{
public:
    explicit TypeSubscription(XdsType type);

    using Request = envoy::service::discovery::v3::DiscoveryRequest;
    /// @return false: the nonce was not the newest, nothing was taken from the request.
    bool onRequest(const Request& request);

    /// A response to be sent; names may be fewer than subscribed.
    struct Plan
    {
        std::vector<XdsResourcePtr> resources;
        std::string version;
        bool asked = false; ///< the client waits for part of it
    };
    /// Forgets what no longer exists and takes over what a reconnecting client proved to hold.
    void settle(const ResourceSet& wanted);
    /// @return what the client lacks; nullopt = nothing.
    std::optional<Plan> plan(const ResourceSet& wanted) const;
    void markSent(const Plan& plan, std::string nonce);

    /// Has `name` sent again although it did not change (a cluster that warms waits for it).
    void force(const std::string& name);

    bool isSubscribed() const { return m_subscribed; }
    bool isWildcard() const { return m_wildcard; }
    bool isAwaitingAck() const { return m_awaitingAck; }
    bool isRejected() const { return !m_nack.empty(); }
    bool wants(const std::string& name) const { return m_wildcard || m_names.contains(name); }
    const std::map<std::string, XdsResourcePtr, std::less<>>& sent() const { return m_sent; }
    TypeStatus status(const ResourceSet& wanted) const;

private:
    void takeNames(const Request& request);
    void takeVerdict(const Request& request);
    std::optional<Plan> planFullState(const ResourceSet& wanted) const;
    std::optional<Plan> planByName(const ResourceSet& wanted) const;
    XdsResourcePtr lookup(const ResourceSet& wanted, const std::string& name) const;

    const XdsType m_type;
    bool m_subscribed = false;
    bool m_wildcard = false;
    bool m_everNamed = false;
    std::set<std::string> m_names;

    bool m_answered = false; ///< the first request has been answered
    std::string m_claimedVersion; ///< version_info of the first request
    std::map<std::string, XdsResourcePtr, std::less<>> m_sent;
    std::set<std::string> m_forced;
    std::set<std::string> m_inFlight;
    std::set<std::string> m_rejected;
    bool m_awaitingAck = false;
    bool m_repeated = false; ///< the client repeated its request without a change
    std::string m_nonce;
    std::string m_sentVersion;
    std::string m_ackedVersion;
    std::string m_nack;
    mutable std::string m_nothingDueFor; ///< version of the set that needs no answer; "" = look
};

} // namespace meshyard::control_plane
