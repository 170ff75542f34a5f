// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"
#include "widgets/scene/scene_state.h"
#include "widgets/scene/tokens.h"

#include <QAbstractScrollArea>
#include <QHash>
#include <QList>

#include <memory>

namespace meshyard::widgets {

/// Answers during a drag which nodes an edge's end may go to. Asked on the GUI thread; must be
/// quick.
class RerouteRules
{
public:
    struct Verdict
    {
        bool valid = false;
        QString reason; // one sentence when not valid; empty = nothing to say
    };

    virtual ~RerouteRules() = default;
    virtual Verdict canReroute(const QString& edgeId, const QString& nodeId) const = 0;
};

enum class ViewMode : std::uint8_t {
    Live,
    Past, // a 2 px frame in the colour of time; nothing can be edited
    Lost, // greyed: nobody answers; nothing can be edited
};

/// The mesh as a picture one can pan, zoom, walk with the keyboard and edit by dragging.
///
/// Takes immutable scenes; lays them out on a worker thread, keeps places by node id and never
/// changes anything by itself: gestures end in signals. Thread: GUI.
class TopologyView final : public QAbstractScrollArea
{
    Q_OBJECT

public:
    explicit TopologyView(QWidget* parent = nullptr);
    ~TopologyView() override;

    void setTokens(const scene::Tokens& tokens); // must outlive the view
    void setScene(scene::SceneModelPtr model);
    void setMode(ViewMode mode);
    void setReducedMotion(bool reduced);
    /// Off: drags answer with `reason` in the hint line.
    void setEditable(bool editable, const QString& reason = {});
    void setRerouteRules(const RerouteRules* rules); // borrowed; null: nothing is valid
    /// Puts a widget (the choice of figures) at the left of the strip below the canvas.
    void setControl(QWidget* control);

    /// Lays a change over the picture until clearPreview(); the drag's outlines stay with it.
    void setPreview(const scene::ScenePreview& preview);
    void clearPreview();

    scene::Part selected() const;
    void select(const scene::Part& part);
    void centreOn(const scene::Part& part);

    double zoom() const;
    /// Where a part is drawn, in coordinates of the screen; null when it is not there.
    QRect globalRectOf(const scene::Part& part) const;
    QRect viewportRectOf(const scene::Part& part) const;

    /// The picture as it stands, for export; null before the first layout.
    scene::PlacedScenePtr placed() const;

    QHash<QString, QPointF> pinned() const;
    void setPinned(const QHash<QString, QPointF>& pinned);

    QString hint() const;
    /// The sentence that a part says to people who cannot see it; empty when it is gone.
    QString nameOf(const scene::Part& part) const;
    /// Parts in reading order: nodes, then edges with end and badge, then splits.
    QList<scene::Part> parts() const;
    scene::Part partAt(QPoint viewportPoint) const;
    /// What Enter does on a part: open, or its badge.
    void activate(const scene::Part& part);

public Q_SLOTS:
    void zoomIn();
    void zoomOut();
    void zoomToFit();
    void zoomToActual();
    /// Lays everything out anew (pinned nodes stay), animated.
    void relayout();

Q_SIGNALS:
    void selectionChanged(const meshyard::scene::Part& part);
    void activated(const meshyard::scene::Part& part); // double click or Enter
    void badgeActivated(const QString& edgeId, const QRect& globalRect);
    void contextMenuWanted(const meshyard::scene::Part& part, const QPoint& globalPos);
    void toolTipWanted(const meshyard::scene::Part& part, const QPoint& globalPos);
    void hintChanged(const QString& hint);
    void zoomChanged(double zoom);
    void pinnedChanged();
    void layoutShown(); // a new arrangement is on screen, its animation over

    void rerouteStarted(const QString& edgeId);
    void rerouteCandidate(const QString& edgeId, const QString& nodeId); // empty: over no target
    void rerouteDropped(const QString& edgeId, const QString& nodeId);
    void rerouteRefused(const QString& edgeId, const QString& reason);
    void weightsDragged(const QString& splitId, const QList<int>& weights);
    void weightsReleased(const QString& splitId, const QList<int>& weights);
    void editCancelled(); // Escape, or dropped on nothing: forget the preview

protected:
    bool viewportEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void mouseDoubleClickEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void keyReleaseEvent(QKeyEvent* event) override;
    void contextMenuEvent(QContextMenuEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void focusOutEvent(QFocusEvent* event) override;
    void showEvent(QShowEvent* event) override;
    void hideEvent(QHideEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    bool focusNextPrevChild(bool next) override;

private:
    class Private;
    const std::unique_ptr<Private> d;
};

} // namespace meshyard::widgets
