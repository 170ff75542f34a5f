// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"
#include "widgets/scene/scene_state.h"
#include "widgets/scene/tokens.h"

#include <array>

class QPainter;

namespace meshyard::scene {

/// Draws a placed scene onto any painter, in scene coordinates: window, image, SVG, PDF alike.
///
/// Thread: any, one painter each; scene and tokens are only read.
class ScenePainter final
{
public:
    ScenePainter(const Tokens& tokens, const PlacedScene& scene, const SceneState& state);

    /// Everything that touches `visible` (scene coordinates).
    void paint(QPainter& painter, const QRectF& visible) const;

    /// One edge with its badge and pills once more, above all: selected or hovered.
    void paintEdgeAbove(QPainter& painter, int edge) const;
    void paintNodeAbove(QPainter& painter, int node) const;
    void paintSplitAbove(QPainter& painter, int split) const;

    /// The 10 px grip at an edge's end.
    void paintGrip(QPainter& painter, int edge) const;

    /// The dashed accent curve of a drag from the edge's start to `tip`.
    void paintDragLine(QPainter& painter, int edge, QPointF tip) const;

    /// Traffic: circles, diamonds for failed calls. @param seconds running time of the animation.
    void paintParticles(QPainter& painter, const QRectF& visible, double seconds) const;

private:
    struct Traffic
    {
        const QPolygonF& points;
        double stop; // how far along it runs
        double rate;
        double failures; // 0..1
        QColor colour;
        std::array<QRectF, 3> covers; // nothing runs over these
    };

    void paintEnvironments(QPainter& painter) const;
    void paintFrames(QPainter& painter) const;
    void paintTrunk(QPainter& painter, std::size_t split) const;
    void paintLine(QPainter& painter, std::size_t edge) const;
    void paintDistantLine(QPainter& painter, std::size_t edge) const;
    void paintBadge(QPainter& painter, std::size_t edge) const;
    void paintLabel(QPainter& painter, std::size_t edge) const;
    void paintSplitMarks(QPainter& painter, std::size_t split) const;
    void paintNode(QPainter& painter, std::size_t node) const;
    void paintNodeText(QPainter& painter, std::size_t node) const;
    void paintPill(QPainter& painter, const QRectF& rect, const QString& text, const QColor& line,
        const QColor& words, bool bold) const;
    void paintArrow(
        QPainter& painter, QPointF tip, double angle, double width, const QColor& colour) const;
    void strokePart(
        QPainter& painter, const EdgeShape& shape, double from, double to, const QPen& pen) const;
    void paintTraffic(QPainter& painter, const Traffic& traffic, double seconds) const;

    double nodeOpacity(std::size_t node) const;
    double edgeOpacity(std::size_t edge) const;
    bool edgeSelected(std::size_t edge) const;
    bool cut(std::size_t edge) const;
    QColor lineColour(std::size_t edge) const;
    QString subtitleOf(std::size_t node) const;
    bool detailed() const { return m_state.zoom >= 0.5; }
    bool distant() const { return m_state.zoom < 0.28; } // lines and boxes only

    const Tokens& m_tokens;
    const PlacedScene& m_scene;
    const SceneState& m_state;
    mutable QRectF m_clip; // what is being painted; null = everything. One painter a thread.
};

} // namespace meshyard::scene
