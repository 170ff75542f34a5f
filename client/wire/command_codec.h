// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_client.h"
#include "client/mesh_commands.h"

#include "meshyard/v1/admin.pb.h"

#include <grpcpp/support/status.h>

namespace meshyard::wire {

v1::ApplyRequest toWire(const ApplyInput& in);
v1::SetOverrideRequest toWire(const OverrideInput& in);
v1::GetRequest getRequest(const std::string& kind, const std::string& ns, const std::string& name);
v1::RevisionsRequest revisionsRequest(std::uint64_t number, std::uint32_t limit);

ApplyOutput fromWire(const v1::ApplyResponse& in);
std::vector<StoredResource> fromWire(const v1::GetResponse& in);
std::vector<RevisionInfo> fromWire(const v1::RevisionsResponse& in);
OverrideOutput fromWire(const v1::SetOverrideResponse& in);
MeshStatus fromWire(const v1::StatusResponse& in);
std::vector<EdgeFigures> fromWire(const v1::ListEdgesResponse& in);
std::vector<BreakerRow> fromWire(const v1::ListBreakersResponse& in);

/// @param address is named where the control plane could not be reached.
Error errorOf(const grpc::Status& status, const std::string& address);

} // namespace meshyard::wire
