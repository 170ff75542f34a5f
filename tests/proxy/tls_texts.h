// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/tls_context.h"

#include <string>
#include <string_view>

/// Parts of a bootstrap in flow style.

/// A PEM text as a DataSource.
std::string inlineText(std::string_view text);
std::string certificatesText(const meshyard::net::TlsCertificate& certificate);
/// `validation_context: {…}`. @param san exact URI; empty = none.
std::string validationText(std::string_view trustedCa, std::string_view san = {});
/// `transport_socket: {…}, `.
std::string downstreamTlsText(std::string_view common, std::string_view extra = {});
std::string upstreamTlsText(std::string_view common, std::string_view extra = {});
/// `filters: […]` of an HTTP or a TCP chain.
std::string httpFiltersText(std::string_view cluster, std::string_view extra = {});
std::string tcpFiltersText(std::string_view cluster, std::string_view extra = {});
/// A listener at 127.0.0.1:0 of chains in braces.
std::string chainsListenerText(
    std::string_view name, std::string_view chains, std::string_view extra = {});
