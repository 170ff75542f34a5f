// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "embedded-mesh/config/edits.h"
#include "ui/topology/scene_builder.h"

#include <QString>

namespace meshyard::ui {

/// A changed division of one caller's calls to a service.
struct RerouteDraft
{
    NodeKey source;
    config::HostTarget host;
    std::vector<config::RouteShare> before;
    std::vector<config::RouteShare> after;

    bool operator==(const RerouteDraft&) const = default;
};

/// How the calls of `source` to a service are divided now: by its route's weights, else measured.
std::vector<config::RouteShare> currentShares(const MeshModel& model,
    const std::map<std::string, RouteWeights>& weights, const NodeKey& source,
    const config::HostTarget& host);

/// Everything that went to the edge's destination goes to `target` instead.
RerouteDraft moveEdge(const MeshModel& model, const std::map<std::string, RouteWeights>& weights,
    const EdgeKey& edge, const NodeKey& target);

/// One line of the preview.
struct PredictedFigure
{
    enum class Tone { Plain, Sub, Good, Bad };

    QString name;
    QString before;
    QString after;
    Tone tone = Tone::Plain;
    QString node; // scene id of the node whose rate this is; empty = another figure
};

struct Prediction
{
    std::vector<PredictedFigure> figures;
    QStringList crossed; // limits that the change would cross, one sentence each
};

/// What the change would do, from the last ten seconds: rates by share, what follows downstream by
/// measured calls per call, success and concurrency as each version shows them now.
Prediction predict(const MeshModel& model, const RerouteDraft& draft);

} // namespace meshyard::ui
