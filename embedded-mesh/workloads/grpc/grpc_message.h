// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/result.h"

#include <string>
#include <string_view>

namespace meshyard::workloads {

/// A message as gRPC frames it (Length-Prefixed-Message of PROTOCOL-HTTP2), not compressed.
std::string grpcFrame(std::string_view message);

/// The one message of a unary call. A view into `body`.
/// @return InvalidArgument when it is cut off, followed by more, or compressed.
Result<std::string_view> grpcUnframed(std::string_view body);

/// Value of grpc-timeout: at most eight digits, so long times lose precision.
std::string grpcTimeoutText(Duration timeout);

} // namespace meshyard::workloads
