// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include "envoy/config/bootstrap/v3/bootstrap.pb.h"

#include <string>

namespace meshyard::proxy {

using Bootstrap = envoy::config::bootstrap::v3::Bootstrap;

/// Reads a bootstrap in the shape of Envoy's v3 Bootstrap, YAML or JSON.
/// @return InvalidArgument with the problems, one a line; unsupported fields are named.
Result<Bootstrap> readBootstrap(const std::string& path);

/// Where the ADS stream goes; empty = no ads_config.
struct ControlPlaneTarget
{
    std::string address; // as gRPC dials it: "unix:/path" or "host:port"
};
Result<ControlPlaneTarget> controlPlaneOf(const Bootstrap& bootstrap);

/// "HOST:PORT" or "unix:PATH" of an address message; empty when unset.
std::string addressText(const envoy::config::core::v3::Address& address);

} // namespace meshyard::proxy
