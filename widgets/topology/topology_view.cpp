// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/topology/topology_view.h"

#include "widgets/scene/fonts.h"
#include "widgets/scene/hit_test.h"
#include "widgets/topology/keyboard_walk.h"
#include "widgets/topology/scene_motion.h"
#include "widgets/topology/topology_accessible.h"
#include "widgets/topology/topology_view_p.h"

#include <QApplication>
#include <QResizeEvent>

namespace meshyard::widgets {
namespace {

using scene::Part;
using scene::PartKind;

constexpr int kStripHeight = 92;
constexpr int kFlatStripHeight = 44; // no room for the minimap
constexpr int kRoomForMinimap = 420;
constexpr std::size_t kAnimatedEdges = 400;
constexpr std::size_t kDirectEdges = 300; // up to here figures are taken over at once
constexpr qint64 kYoungMs = 30000;
constexpr double kFitMargin = 24;

} // namespace

TopologyView::Private::Private(TopologyView* view)
    : q(view)
{
    motion.setDuration(250);
    motion.setEasingCurve(QEasingCurve::InOutCubic);
    motion.setStartValue(0.0);
    motion.setEndValue(1.0);
    traffic.setInterval(67);
    clock.start();
}

TopologyView::TopologyView(QWidget* parent)
    : QAbstractScrollArea(parent)
    , d(std::make_unique<Private>(this))
{
    setFrameShape(QFrame::NoFrame);
    setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setVerticalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    setFocusPolicy(Qt::StrongFocus);
    setMinimumSize(320, 240);
    installTopologyAccessibility(); // before anything below asks for our interface and keeps it
    setAccessibleName(tr("Mesh"));
    setAccessibleDescription(
        tr("Arrow keys walk along the calls, R reroutes, B opens the breaker."));
    viewport()->setMouseTracking(true);
    viewport()->setAutoFillBackground(false);
    setViewportMargins(0, 0, 0, kStripHeight);

    d->strip = new QWidget(this);
    d->stripLayout = new QHBoxLayout(d->strip);
    d->stripLayout->setContentsMargins(24, 6, 16, 10);
    d->stripLayout->setSpacing(16);
    d->hintLabel = new QLabel(d->strip);
    d->hintLabel->setFont(scene::textFont(12));
    d->hintLabel->setTextInteractionFlags(Qt::NoTextInteraction);
    d->hintLabel->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Preferred);
    d->minimap = new Minimap(d->strip);
    d->stripLayout->addWidget(d->hintLabel, 1);
    d->stripLayout->addWidget(d->minimap);

    connect(&d->runner, &LayoutRunner::finished, this,
        [this](const scene::PlacedScenePtr& placed) { d->adopt(placed); });
    connect(&d->layer, &StaticLayer::renewed, viewport(), qOverload<>(&QWidget::update));
    connect(&d->traffic, &QTimer::timeout, viewport(), qOverload<>(&QWidget::update));
    connect(&d->motion, &QVariantAnimation::valueChanged, this, [this](const QVariant& share) {
        if (d->goal != nullptr && d->motion.state() == QAbstractAnimation::Running)
            d->showPlaced(between(*d->origin, *d->goal, share.toDouble()));
    });
    connect(&d->motion, &QVariantAnimation::finished, this, [this] {
        const scene::PlacedScenePtr goal = std::exchange(d->goal, nullptr);
        if (goal == nullptr)
            return;
        d->origin.reset();
        d->showPlaced(goal);
        Q_EMIT layoutShown();
    });
    connect(d->minimap, &Minimap::centreWanted, this, [this](QPointF point) {
        d->autoFit = false;
        const QSizeF size(viewport()->size());
        d->map.origin = point - QPointF(size.width(), size.height()) / (2 * d->map.zoom);
        d->mapChanged();
    });
    setTokens(scene::lightTokens());
    d->updateHint();
}

TopologyView::~TopologyView()
{
    d->motion.stop();
}

void TopologyView::setTokens(const scene::Tokens& tokens)
{
    d->tokens = &tokens;
    d->minimap->setTokens(tokens);
    QPalette palette = d->strip->palette();
    palette.setColor(QPalette::Window, tokens.canvas);
    palette.setColor(QPalette::WindowText, tokens.sub);
    d->strip->setPalette(palette);
    d->strip->setAutoFillBackground(true);
    d->repaint(true);
}

void TopologyView::setScene(scene::SceneModelPtr model)
{
    Q_ASSERT(model != nullptr);
    if (d->latest == nullptr || d->latest->nodes.empty()) {
        d->age.start();
        d->settled = false;
    }
    d->latest = std::move(model);
    if (d->runner.busy() && scene::sameStructure(*d->runner.waitingFor(), *d->latest))
        return; // figures are taken over when the arrangement arrives
    const scene::PlacedScenePtr& basis = d->goal != nullptr ? d->goal : d->shown;
    if (basis == nullptr || d->runner.busy() || !scene::sameStructure(*basis->model, *d->latest)) {
        d->requestLayout(false);
        return;
    }
    if (basis->edges.size() > kDirectEdges) { // placing thousands of labels takes a while
        d->runner.request({.model = d->latest,
            .previous = basis,
            .pinned = {},
            .remembered = {},
            .refresh = true});
        return;
    }
    if (d->goal != nullptr) {
        d->goal = scene::refreshScene(*d->goal, d->latest);
        return;
    }
    d->showPlaced(scene::refreshScene(*d->shown, d->latest));
}

void TopologyView::Private::requestLayout(bool anew)
{
    LayoutJob job;
    job.model = latest;
    job.previous = goal != nullptr ? goal : shown;
    job.pinned = pinned;
    job.remembered = remembered;
    job.anew = anew;
    job.mayRearrange = !settled && age.isValid() && age.elapsed() < kYoungMs;
    runner.request(std::move(job));
}

void TopologyView::Private::adopt(const scene::PlacedScenePtr& arrangement)
{
    scene::PlacedScenePtr next = arrangement;
    const bool old = next->model != latest;
    const bool big = next->edges.size() > kDirectEdges;
    if (old && !big)
        next = scene::refreshScene(*next, latest);
    const bool moved = shown == nullptr || nodesMove(*shown, *next);
    const bool fresh = moved || !scene::sameStructure(*shown->model, *next->model);
    for (std::size_t i = 0; i < next->nodes.size(); ++i)
        remembered.insert(next->model->nodes[i].id, next->nodes[i].topLeft());
    motion.stop();
    goal.reset();
    if (moved && shown != nullptr && !reducedMotion && q->isVisible()
        && next->edges.size() <= kAnimatedEdges) {
        origin = shown;
        goal = next;
        motion.start();
    } else {
        showPlaced(next);
        if (fresh)
            Q_EMIT q->layoutShown();
    }
    if (old && big)
        runner.request(
            {.model = latest, .previous = next, .pinned = {}, .remembered = {}, .refresh = true});
}

void TopologyView::Private::showPlaced(const scene::PlacedScenePtr& scene)
{
    const bool same = shown != nullptr && scene::sameStructure(*shown->model, *scene->model);
    shown = scene;
    if (!same) {
        if (state.selected && rectOf(*shown, state.selected).isNull())
            setSelected({});
        if (state.hovered && rectOf(*shown, state.hovered).isNull())
            state.hovered = {};
        if (!edited.isEmpty() && !shown->edgeIndex.contains(edited)
            && !shown->splitIndex.contains(edited) && !shown->nodeIndex.contains(edited))
            cancel();
        announceParts(q);
    }
    if (autoFit)
        fit();
    repaint(true);
    updateTraffic();
}

void TopologyView::Private::repaint(bool layerToo)
{
    if (layerToo)
        layer.invalidate();
    if (shown != nullptr)
        minimap->show(shown, map.visible(q->viewport()->size()));
    q->viewport()->update();
}

void TopologyView::Private::fit()
{
    if (shown == nullptr)
        return;
    map.fit(shown->extent, q->viewport()->size(), kFitMargin);
    state.zoom = map.zoom;
    Q_EMIT q->zoomChanged(map.zoom);
}

void TopologyView::Private::mapChanged()
{
    state.zoom = map.zoom;
    repaint(false);
}

void TopologyView::Private::setZoom(double zoom, QPointF anchor)
{
    autoFit = false;
    map.zoomAt(anchor, zoom);
    mapChanged();
    Q_EMIT q->zoomChanged(map.zoom);
}

void TopologyView::Private::updateTraffic()
{
    const bool run = !reducedMotion && mode != ViewMode::Lost && q->isVisible() && shown != nullptr
        && !shown->edges.empty() && map.zoom >= 0.3;
    if (run && !traffic.isActive())
        traffic.start();
    else if (!run)
        traffic.stop();
}

void TopologyView::setMode(ViewMode mode)
{
    if (d->mode == mode)
        return;
    d->mode = mode;
    d->state.lost = mode == ViewMode::Lost;
    if (mode != ViewMode::Live)
        d->cancel();
    d->updateHint();
    d->updateTraffic();
    d->repaint(true);
}

void TopologyView::setReducedMotion(bool reduced)
{
    d->reducedMotion = reduced;
    d->updateTraffic();
    viewport()->update();
}

void TopologyView::setEditable(bool editable, const QString& reason)
{
    d->editable = editable;
    d->whyNotEditable = reason;
    d->updateHint();
}

void TopologyView::setRerouteRules(const RerouteRules* rules)
{
    d->rules = rules;
}

void TopologyView::setControl(QWidget* control)
{
    delete d->control;
    d->control = control;
    if (control != nullptr)
        d->stripLayout->insertWidget(0, control);
}

void TopologyView::setPreview(const scene::ScenePreview& preview)
{
    d->state.preview = preview;
    d->repaint(true);
}

void TopologyView::clearPreview()
{
    d->state.preview = {};
    d->keepEdit = false;
    if (d->gesture != Gesture::Reroute && d->gesture != Gesture::Weights)
        d->forgetEdit();
    d->repaint(true);
}

Part TopologyView::selected() const
{
    return d->state.selected;
}

void TopologyView::select(const Part& part)
{
    d->setSelected(part);
}

void TopologyView::Private::setSelected(const Part& part)
{
    if (state.selected == part)
        return;
    state.selected = part;
    q->viewport()->update();
    updateHint();
    announceFocus(q, part);
    Q_EMIT q->selectionChanged(part);
}

void TopologyView::Private::setHovered(const Part& part)
{
    if (state.hovered == part)
        return;
    state.hovered = part;
    updateHint();
    q->viewport()->update();
}

void TopologyView::centreOn(const Part& part)
{
    if (d->shown == nullptr)
        return;
    const QRectF rect = rectOf(*d->shown, part);
    const QRectF visible = d->map.visible(viewport()->size());
    if (rect.isNull() || visible.adjusted(20, 20, -20, -20).contains(rect))
        return;
    d->autoFit = false;
    d->map.origin += rect.center() - visible.center();
    d->mapChanged();
}

double TopologyView::zoom() const
{
    return d->map.zoom;
}

QRect TopologyView::viewportRectOf(const Part& part) const
{
    if (d->shown == nullptr)
        return {};
    const QRectF rect = rectOf(*d->shown, part);
    return rect.isNull() ? QRect() : d->map.toView(rect).toAlignedRect();
}

QRect TopologyView::globalRectOf(const Part& part) const
{
    const QRect rect = viewportRectOf(part);
    return rect.isNull() ? rect : QRect(viewport()->mapToGlobal(rect.topLeft()), rect.size());
}

scene::PlacedScenePtr TopologyView::placed() const
{
    return d->goal != nullptr ? d->goal : d->shown;
}

QHash<QString, QPointF> TopologyView::pinned() const
{
    return d->pinned;
}

void TopologyView::setPinned(const QHash<QString, QPointF>& pinned)
{
    d->pinned = pinned;
    if (d->latest != nullptr)
        d->requestLayout(false);
}

QString TopologyView::hint() const
{
    return d->hint;
}

QList<Part> TopologyView::parts() const
{
    return d->shown == nullptr ? QList<Part>() : allParts(*d->shown);
}

Part TopologyView::partAt(QPoint viewportPoint) const
{
    if (d->shown == nullptr)
        return {};
    return scene::partAt(
        *d->shown, d->map.toScene(viewportPoint), 6 / d->map.zoom, d->state.selected);
}

void TopologyView::activate(const Part& part)
{
    if (part.kind == PartKind::Badge) {
        Q_EMIT badgeActivated(part.id, globalRectOf(part));
        return;
    }
    Q_EMIT activated(part);
}

void TopologyView::zoomIn()
{
    d->setZoom(d->map.zoom * 1.25, QPointF(viewport()->rect().center()));
}

void TopologyView::zoomOut()
{
    d->setZoom(d->map.zoom / 1.25, QPointF(viewport()->rect().center()));
}

void TopologyView::zoomToFit()
{
    d->autoFit = true;
    d->fit();
    d->repaint(false);
}

void TopologyView::zoomToActual()
{
    d->setZoom(1, QPointF(viewport()->rect().center()));
}

void TopologyView::relayout()
{
    if (d->latest == nullptr)
        return;
    d->remembered.clear();
    d->requestLayout(true);
}

void TopologyView::resizeEvent(QResizeEvent* event)
{
    QAbstractScrollArea::resizeEvent(event);
    const bool roomy = height() >= kRoomForMinimap && width() >= 560;
    const int strip = roomy ? kStripHeight : kFlatStripHeight;
    d->minimap->setVisible(roomy);
    if (viewportMargins().bottom() != strip)
        setViewportMargins(0, 0, 0, strip);
    d->strip->setGeometry(0, height() - strip, width(), strip);
    if (d->autoFit)
        d->fit();
    d->repaint(true);
}

void TopologyView::showEvent(QShowEvent* event)
{
    QAbstractScrollArea::showEvent(event);
    d->updateTraffic();
}

void TopologyView::hideEvent(QHideEvent* event)
{
    QAbstractScrollArea::hideEvent(event);
    d->traffic.stop();
}

void TopologyView::scrollContentsBy(int dx, int dy)
{
    Q_UNUSED(dx)
    Q_UNUSED(dy) // the map decides what is shown, not the hidden scroll bars
}

} // namespace meshyard::widgets
