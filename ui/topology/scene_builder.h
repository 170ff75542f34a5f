// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/session/view_filter.h"
#include "ui/topology/find_language.h"
#include "widgets/scene/scene_model.h"

#include <map>
#include <utility>

namespace meshyard::ui {

/// One caller's weights for a destination service, as a VirtualService says them.
struct RouteWeights
{
    std::vector<std::pair<std::string, int>> subsets; // subset name, weight
    bool operator==(const RouteWeights&) const = default;
};

/// What the picture is made of besides the model.
struct SceneInputs
{
    EdgeFigure figure = EdgeFigure::P99;
    QString environment; // only this one; empty = all
    const FindExpression* find = nullptr; // may be null
    QString editRefusal; // why nothing may be dragged; empty = it may
    bool allStale = false; // the source is silent: everything is old
    std::int64_t extraAgeMs = 0;
    /// By "namespace/service"; absent = no weighted route, the measured shares are drawn.
    const std::map<std::string, RouteWeights>* weights = nullptr;
};

/// Turns the model into the picture's values: every word is decided here, every pixel elsewhere.
scene::SceneModelPtr buildScene(const MeshModel& model, const SceneInputs& inputs);

// Ids of the scene.
QString sceneId(const NodeKey& key);
QString sceneId(const EdgeKey& key);
/// "split:<source>-><ns>/<service>".
QString splitSceneId(const NodeKey& source, const std::string& ns, const std::string& service);
/// Of several edges between two versions (one a subset) the busiest is drawn, for all of them.
bool isDrawn(const MeshModel& model, const EdgeKey& key);
/// What all edges between two versions carry, merged.
EdgeWindow windowBetween(const MeshModel& model, const NodeKey& source, const NodeKey& destination);
/// nullptr for an id that the model does not have.
const EdgeState* edgeOfSceneId(const MeshModel& model, const QString& id);
const Node* nodeOfSceneId(const MeshModel& model, const QString& id);

/// The silhouette of a breaker.
scene::BadgeKind badgeKind(const EdgeState& edge);

} // namespace meshyard::ui
