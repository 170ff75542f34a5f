// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/message_head.h"
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/route/listener_spec.h"

namespace meshyard::proxy {

/// Header edits of a route with its commands filled in.
struct BoundEdits
{
    HeaderEdits request;
    HeaderEdits response;
};

/// What the listener and connection say about a request. Views into both.
struct RequestOrigin
{
    const FilterChainSpec& listener;
    std::string_view remoteHost; // gateways: for x-forwarded-for
    const net::SocketAddress* originalDestination = nullptr; // outlives the request; nullptr = us
    bool isTls = false;
    std::string_view serverName{}; // SNI
    const net::PeerIdentity* peer = nullptr; // what it showed, verified or not
    std::span<const std::string> peerPrincipals{}; // its URI SANs; empty unless verified
    const ConnectionInfo* connection = nullptr;
};

/// A request whose filters wait for something: its head, kept for another try.
struct ParkedRequest
{
    std::string bytes;
    http::RequestHead head; // over bytes
    std::shared_ptr<const FilterChainSpec> listener; // keeps what origin points to
    RequestOrigin origin;
    bool passedFilters = false; // it is a delay that it waits for
};


inline RequestOrigin originOf(
    const FilterChainSpec& chain, std::string_view remoteHost, const net::Connection& io)
{
    RequestOrigin origin{chain, remoteHost};
    if (!io.isTls())
        return origin;
    origin.isTls = true;
    origin.serverName = io.serverName();
    origin.peer = io.peerIdentity();
    if (origin.peer != nullptr && origin.peer->verified)
        origin.peerPrincipals = origin.peer->uriSans;
    return origin;
}

} // namespace meshyard::proxy
