// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"

#include "meshyard/v1/common.pb.h"
#include "meshyard/v1/observer.pb.h"
#include "meshyard/v1/override.pb.h"

namespace meshyard::wire {

// The small values of meshyard.v1, both ways. What is unknown to this version reads as unspecified.

NodeKey fromWire(const v1::NodeKey& in);
EdgeKey fromWire(const v1::EdgeKey& in);
Outcomes fromWire(const v1::Outcomes& in);
LatencySketch fromWire(const v1::Sketch& in);
EdgeBreaker fromWire(const v1::EdgeBreaker& in);
EdgeSample fromWire(const v1::EdgeSample& in);
Service fromWire(const v1::Service& in);
Node fromWire(const v1::Node& in);
Instance fromWire(const v1::Instance& in);
ProxyState fromWire(const v1::ProxyState& in);
Edge fromWire(const v1::Edge& in);
Event fromWire(const v1::Event& in);
EdgeSelector fromWire(const v1::EdgeSelector& in);
ActiveOverride fromWire(const v1::ActiveOverride& in);
MeshInfo fromWire(const v1::MeshInfo& in);

void toWire(const NodeKey& in, v1::NodeKey* out);
void toWire(const EdgeKey& in, v1::EdgeKey* out);
void toWire(const Outcomes& in, v1::Outcomes* out);
void toWire(const LatencySketch& in, v1::Sketch* out);
void toWire(const EdgeBreaker& in, v1::EdgeBreaker* out);
void toWire(const EdgeSample& in, v1::EdgeSample* out);
void toWire(const Service& in, v1::Service* out);
void toWire(const Node& in, v1::Node* out);
void toWire(const Instance& in, v1::Instance* out);
void toWire(const ProxyState& in, v1::ProxyState* out);
void toWire(const Edge& in, v1::Edge* out);
void toWire(const Event& in, v1::Event* out);
void toWire(const EdgeSelector& in, v1::EdgeSelector* out);
void toWire(const ActiveOverride& in, v1::ActiveOverride* out);
void toWire(const MeshInfo& in, v1::MeshInfo* out);

} // namespace meshyard::wire
