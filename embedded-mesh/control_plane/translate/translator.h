// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/resource.h"
#include "embedded-mesh/control_plane/discovery/mesh_view.h"
#include "embedded-mesh/control_plane/xds/snapshot.h"

#include "meshyard/v1/observer.pb.h"
#include "meshyard/v1/override.pb.h"

#include <map>
#include <span>
#include <string>
#include <vector>

namespace meshyard::control_plane {

/// Something that was translated into a refusal instead of a route.
struct TranslationWarning
{
    std::string document; ///< "VirtualService production/reviews"
    std::string text;

    auto operator<=>(const TranslationWarning&) const = default;
};

/// A connected node that is no instance of ours: it gets the outbound configuration of its
/// namespace.
struct ForeignNode
{
    std::string id;
    std::string ns = "production";
    std::uint16_t outboundPort = 15001;
};

struct Translation
{
    std::map<std::string, NodeSnapshot> nodes; ///< by node id
    std::vector<TranslationWarning> warnings; ///< sorted, each once
};

/// An override or a reset as the operation log holds it.
struct OverrideView
{
    v1::ActiveOverride active;
    bool reset = false;
};

/// Documents and registry into the xDS resources of every node: the same input gives the same
/// bytes. Whatever is equal for several nodes is built once and shared. Broken documents are left
/// out.
///
/// Thread: any; pure functions.
/// Follows Istio's semantics where the kinds are Istio's.
Translation translate(std::span<const config::Resource> resources, const MeshView& mesh,
    std::span<const ForeignNode> foreignNodes = {});

/// The overrides each node has to enforce, with the names of its clusters they act on. Nodes
/// without any are absent. `remaining_ms` is filled in when they are sent.
std::map<std::string, std::vector<v1::EdgeOverride>> translateOverrides(
    std::span<const config::Resource> resources, const MeshView& mesh,
    std::span<const OverrideView> overrides);

} // namespace meshyard::control_plane
