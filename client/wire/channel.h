// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <grpcpp/channel.h>

#include <memory>
#include <string>

namespace meshyard::wire {

/// A channel of its own to a control plane: no proxy, quick reconnects, nothing shared with others.
Result<std::shared_ptr<grpc::Channel>> openChannel(const std::string& address);

} // namespace meshyard::wire
