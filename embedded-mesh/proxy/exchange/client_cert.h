// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/message_head.h"
#include "embedded-mesh/net/tls_stream.h"
#include "embedded-mesh/proxy/route/listener_spec.h"

namespace meshyard::proxy {

/// What x-forwarded-client-cert says to the upstream; whatever the caller sent is taken out first.
///
/// Follows http_connection_manager.proto, forward_client_cert_details.
/// @param peer nullptr = no TLS, or no certificate was shown.
/// @return empty = no such field.
std::string forwardedClientCert(
    const FilterChainSpec& chain, const http::RequestHead& head, const net::PeerIdentity* peer);

} // namespace meshyard::proxy
