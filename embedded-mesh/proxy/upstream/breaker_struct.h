// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/breaker_policy.h"

namespace google::protobuf {
class Struct;
}

namespace meshyard::proxy {

/// Reads a breaker policy from cluster metadata "meshyard.breaker": lowerCamelCase field names,
/// durations as seconds (`windowS`, `openBaseS`, …). What is not there keeps its default.
/// @return InvalidArgument naming the key that is unknown or has the wrong type.
Result<BreakerPolicy> breakerPolicyFrom(const google::protobuf::Struct& fields);

} // namespace meshyard::proxy
