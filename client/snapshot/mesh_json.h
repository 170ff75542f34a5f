// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_client.h"

#include <nlohmann/json_fwd.hpp>

namespace meshyard {

// The JSON that `meshyardctl … -o json` prints and snapshot files hold: stable, design §17.
// Times are unix milliseconds, shares 0..1; what is not known is null.

using Json = nlohmann::ordered_json;

Json toJson(const EdgeFigures& figures);
Json toJson(const NodeKey& key);
Json toJson(const EdgeBreaker& breaker);
Json toJson(const Node& node);
Json toJson(const Service& service);
Json toJson(const Instance& instance);
Json toJson(const ProxyState& proxy);
Json toJson(const ActiveOverride& active);
Json toJson(const Event& event);
Json toJson(const MeshInfo& mesh);

/// "CLOSED", "OPEN", "HALF_OPEN"; "UNKNOWN" for Unspecified.
const char* stateName(BreakerState state);
/// "FORCED_OPEN", "FORCED_CLOSED", "DRAINING"; "" for None.
const char* overrideName(OverrideKind kind);
/// "KNOWN", "INFERRED", "UNKNOWN", "STALE".
const char* knowledgeName(Knowledge known);
const char* nodeKindName(NodeKind kind);
const char* eventKindName(EventKind kind);

} // namespace meshyard
