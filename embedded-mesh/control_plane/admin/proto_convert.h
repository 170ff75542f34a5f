// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/diagnostic.h"
#include "embedded-mesh/control_plane/store/store.h"
#include "embedded-mesh/core/ids.h"
#include "embedded-mesh/core/result.h"
#include "meshyard/v1/admin.pb.h"

#include <grpcpp/support/status.h>

namespace meshyard::control_plane {

grpc::Status toStatus(const Error& error);

v1::ResourceRef toProto(const config::ResourceId& id);
v1::Diagnostic toProto(const config::Diagnostic& diagnostic);
v1::ResourceChange toProto(const TextChange& change);
v1::NodeKey toProto(const NodeKey& key);

/// "gateway" and "production/gateway": whether a selector's part means this value; empty = any.
bool selects(const std::string& wanted, const std::string& actual);
/// Whether an edge is one of those the selector means.
bool selects(const v1::EdgeSelector& selector, const EdgeKey& edge);
/// "productpage -> reviews (v2)" for events and logs.
std::string describe(const v1::EdgeSelector& selector);

} // namespace meshyard::control_plane
