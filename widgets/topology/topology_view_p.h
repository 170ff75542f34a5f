// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/topology/layout_runner.h"
#include "widgets/topology/minimap.h"
#include "widgets/topology/static_layer.h"
#include "widgets/topology/topology_view.h"
#include "widgets/topology/viewport_map.h"

#include <QBasicTimer>
#include <QElapsedTimer>
#include <QHBoxLayout>
#include <QLabel>
#include <QTimer>
#include <QVariantAnimation>

namespace meshyard::widgets {

/// What the pointer or the keyboard is about to change.
enum class Gesture : std::uint8_t {
    None,
    Pressed, // a button is down, nothing has moved yet
    Pan,
    MoveNode,
    Reroute,
    Weights,
};

/// The parts and the state of a TopologyView; its event handlers live in several files.
class TopologyView::Private final
{
public:
    explicit Private(TopologyView* view);

    // topology_view.cpp
    void adopt(const scene::PlacedScenePtr& arrangement);
    void showPlaced(const scene::PlacedScenePtr& scene);
    void requestLayout(bool anew);
    void setSelected(const scene::Part& part);
    void setHovered(const scene::Part& part);
    void setHint(const QString& hint);
    void updateHint();
    void setZoom(double zoom, QPointF anchor);
    void mapChanged();
    void fit();
    void repaint(bool layerToo);
    void updateTraffic();
    bool mayEdit(const scene::Part& part, QString& reason) const;

    // topology_painting.cpp
    void paint(QPainter& painter);
    void paintOverlay(QPainter& painter);
    void paintReason(QPainter& painter) const;
    scene::SceneState layerState() const;

    // topology_drag.cpp
    void press(const scene::Part& part, QPointF at);
    void drag(QPointF at, Qt::KeyboardModifiers modifiers);
    void release(QPointF at);
    void beginReroute(const QString& edge);
    void trackReroute(QPointF scenePoint);
    void setCandidate(const QString& node);
    void endReroute();
    void trackWeights(QPointF scenePoint, bool fine);
    void endWeights();
    void beginGesture(QPointF at);
    void cancel();
    void forgetEdit();

    // topology_keys.cpp
    bool key(QKeyEvent* event);
    bool keyWhileRerouting(int key);
    bool keyWhileWeighing(int key);
    bool keyOnPart(int key);
    bool beginKeyboardReroute();
    bool beginKeyboardWeights();
    void nudgeWeight(int by);
    QString edgeOfSelection() const;
    int splitOfSelection() const;

    TopologyView* const q;
    const scene::Tokens* tokens = &scene::lightTokens();
    const RerouteRules* rules = nullptr;
    ViewMode mode = ViewMode::Live;
    bool editable = true;
    QString whyNotEditable;
    bool reducedMotion = false;

    scene::SceneModelPtr latest; // newest given
    scene::PlacedScenePtr shown; // on screen, perhaps on its way
    scene::PlacedScenePtr goal; // where the animation ends; null = at rest
    scene::PlacedScenePtr origin; // where it began
    QHash<QString, QPointF> pinned;
    QHash<QString, QPointF> remembered; // of every node seen since the last full layout
    QElapsedTimer age; // since the first scene: a young picture may still be rearranged
    bool settled = false; // someone has touched it: from now on nobody moves

    scene::SceneState state;
    ViewportMap map;
    bool autoFit = true; // until someone zooms or pans
    QString hint;
    QString reason; // why the thing under the drag is no target
    bool keepEdit = false; // dropped: outlines stay until clearPreview()

    Gesture gesture = Gesture::None;
    bool byKeyboard = false;
    bool spaceHeld = false;
    scene::Part pressedPart;
    QPointF pressedAt; // viewport
    QPointF pointer; // viewport
    QPointF startOrigin;
    QString edited; // edge of a reroute, split of weights, node of a move
    QList<int> weights;
    std::size_t weightBranch = 0;

    LayoutRunner runner;
    StaticLayer layer;
    QVariantAnimation motion;
    QTimer traffic;
    QElapsedTimer clock;
    QWidget* strip = nullptr;
    QHBoxLayout* stripLayout = nullptr;
    QLabel* hintLabel = nullptr;
    Minimap* minimap = nullptr;
    QWidget* control = nullptr;
};

} // namespace meshyard::widgets
