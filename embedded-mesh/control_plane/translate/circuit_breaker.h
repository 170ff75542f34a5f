// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/resource.h"

#include <google/protobuf/struct.pb.h>

namespace meshyard::control_plane {

/// Key of Cluster.metadata.filter_metadata.
inline constexpr const char* kBreakerMetadata = "meshyard.breaker";

/// What a CircuitBreaker document states, as our proxy reads it; fields it does not state are
/// absent. @param document null = no document: the built-in default, which only observes.
google::protobuf::Struct breakerMetadata(const config::Resource* document);

} // namespace meshyard::control_plane
