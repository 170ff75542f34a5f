// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/layout/layout_engine.h"
#include "widgets/scene/scene_model.h"
#include "widgets/scene/segment_grid.h"

#include <QHash>
#include <QPainterPath>
#include <QPolygonF>

#include <memory>
#include <vector>

namespace meshyard::scene {

/// A line on the canvas with what sits on it.
struct EdgeShape
{
    QPainterPath path;
    QPolygonF points; // flattened
    double length = 0;
    double width = 1.4;
    int source = -1; // node index
    int target = -1;
    int split = -1;
    double badgeAt = 0; // way along the line where the badge sits
    QPointF badge; // its centre
    QRectF badgeRect; // null: no badge
    QRectF wordsRect; // null: none, or no room
    QRectF labelRect; // null: none, or no room
    QRectF gripRect; // 10 px at the end
    bool drawn() const { return points.size() > 1; }
};

struct SplitShape
{
    QPainterPath trunk;
    QPolygonF points;
    double length = 0;
    double width = 1.4;
    int source = -1;
    std::vector<int> branches; // edge indices, in order of the weights
    QPointF diamond;
    QRectF diamondRect; // null: not drawn
    QRectF weightsRect; // null: none, or no room
    QRectF newWeightsRect; // where a drag's weights go; null: not drawn
    QRectF labelRect;
};

struct FrameShape
{
    int frame = -1; // index into SceneModel::frames
    QRectF rect;
};

/// Where everything of one SceneModel stands: model and layout joined. Immutable once made.
class PlacedScene final
{
public:
    SceneModelPtr model;
    layout::LayoutResult layout;
    std::vector<QRectF> nodes;
    std::vector<EdgeShape> edges;
    std::vector<SplitShape> splits;
    std::vector<FrameShape> frames;
    std::vector<QRectF> environments;
    QRectF extent;
    QHash<QString, int> nodeIndex;
    QHash<QString, int> edgeIndex;
    QHash<QString, int> splitIndex;
    SegmentGrid grid; // edges by index, trunks after them

    QPointF pointOnEdge(int edge, double distance) const;
    const SceneNode& nodeOf(int index) const
    {
        return model->nodes[static_cast<std::size_t>(index)];
    }
};

using PlacedScenePtr = std::shared_ptr<const PlacedScene>;

/// What the layout needs to know of a model. @param previous result of an earlier scene, or null:
/// its nodes keep order (layout) or place (insertLocally), its edges their way.
/// @param remembered where nodes stood before they went; taken again if the place is still free.
layout::LayoutInput layoutInput(const SceneModel& model, const PlacedScene* previous,
    const QHash<QString, QPointF>& pinned = {}, const QHash<QString, QPointF>& remembered = {});

/// Joins model and layout: shapes, badges, labels. Uses font metrics; any thread with a
/// QGuiApplication.
PlacedScenePtr placeScene(SceneModelPtr model, layout::LayoutResult layout);

/// The same places with the words and figures of a newer model of equal structure.
PlacedScenePtr refreshScene(const PlacedScene& placed, SceneModelPtr model);

/// @return whether nodes, edges, splits and frames are the same: a refresh is enough.
bool sameStructure(const SceneModel& a, const SceneModel& b);

/// Line width for a rate in calls per second.
double edgeWidth(double rate);

/// @return the point `distance` along a flattened line; `angle` in degrees, counter-clockwise.
QPointF pointAlong(const QPolygonF& points, double distance, double* angle = nullptr);

/// @return the part of a flattened line between two distances.
QPolygonF partOf(const QPolygonF& points, double from, double to);

} // namespace meshyard::scene
