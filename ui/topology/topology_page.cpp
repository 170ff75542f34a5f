// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/topology/topology_page.h"

#include "ui/policy/policy_store.h"
#include "ui/session/mesh_session.h"
#include "ui/session/selection.h"
#include "ui/session/view_filter.h"
#include "ui/theme/figures.h"
#include "ui/theme/theme.h"
#include "ui/topology/edge_words.h"
#include "ui/topology/empty_page.h"
#include "ui/topology/scene_builder.h"
#include "widgets/topology/topology_view.h"

#include <QButtonGroup>
#include <QFrame>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QStackedLayout>
#include <QStyle>
#include <QVBoxLayout>

#include <chrono>

using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

namespace meshyard::ui {
namespace {

using widgets::TopologyView;

constexpr auto kFrame = 33ms;
constexpr int kChoiceHeight = 36;

} // namespace

TopologyPage::TopologyPage(const UiContext& context, PolicyStore& policies, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_policies(policies)
    , m_view(new TopologyView(this))
    , m_empty(new EmptyPage(context, this))
    , m_stack(new QStackedLayout(this))
    , m_banner(new QFrame(this))
    , m_bannerText(new QLabel(m_banner))
    , m_bannerButton(new QPushButton(m_banner))
{
    setObjectName(u"canvasPage"_s);
    setAttribute(Qt::WA_StyledBackground);
    m_stack->addWidget(m_view);
    m_stack->addWidget(m_empty);
    m_view->setControl(makeFigureChoice());
    m_view->setAccessibleName(tr("The mesh as a graph"));
    m_banner->setObjectName(u"banner"_s);
    auto* row = new QHBoxLayout(m_banner);
    row->setContentsMargins(14, 6, 8, 6);
    row->addWidget(m_bannerText);
    row->addWidget(m_bannerButton);
    m_bannerText->setTextFormat(Qt::PlainText);
    m_bannerButton->setText(tr("Back to live"));
    connect(m_bannerButton, &QPushButton::clicked, &context.session, &MeshSession::backToLive);
    m_frame.setSingleShot(true);
    m_frame.setInterval(kFrame);
    connect(&m_frame, &QTimer::timeout, this, &TopologyPage::buildNow);
    connectView();
    applyTheme();
    buildNow();
    setFocusProxy(m_view);
}

QWidget* TopologyPage::makeFigureChoice()
{
    auto* segments = new QFrame(this);
    segments->setObjectName(u"segments"_s);
    segments->setAccessibleName(tr("Figure on the edges"));
    segments->setFixedHeight(kChoiceHeight);
    auto* row = new QHBoxLayout(segments);
    row->setContentsMargins(3, 3, 3, 3);
    row->setSpacing(2);
    auto* group = new QButtonGroup(segments);
    const std::pair<EdgeFigure, QString> figures[] = {{EdgeFigure::Rate, tr("Rate")},
        {EdgeFigure::P50, u"p50"_s}, {EdgeFigure::P95, u"p95"_s}, {EdgeFigure::P99, u"p99"_s},
        {EdgeFigure::Success, tr("Success")}, {EdgeFigure::Bytes, tr("Bytes")}};
    for (const auto& [figure, text] : figures) {
        auto* button = new QPushButton(text, segments);
        button->setProperty("role", u"segment"_s);
        button->setCheckable(true);
        button->setChecked(m_context.filter.figure() == figure);
        button->setAccessibleName(tr("Show %1 on the edges").arg(text));
        group->addButton(button);
        row->addWidget(button);
        connect(button, &QPushButton::clicked, this,
            [this, figure = figure] { m_context.filter.setFigure(figure); });
    }
    return segments;
}

void TopologyPage::connectView()
{
    MeshSession& session = m_context.session;
    connect(&session, &MeshSession::modelChanged, this, &TopologyPage::requestScene);
    connect(&session, &MeshSession::phaseChanged, this, &TopologyPage::requestScene);
    connect(&session, &MeshSession::timeChanged, this, &TopologyPage::requestScene);
    connect(&m_context.filter, &ViewFilter::changed, this, &TopologyPage::requestScene);
    connect(&m_policies, &PolicyStore::changed, this, &TopologyPage::requestScene);
    connect(&m_context.theme, &Theme::changed, this, &TopologyPage::applyTheme);
    connect(&m_context.selection, &Selection::changed, this, &TopologyPage::showSelection);
    connect(m_view, &TopologyView::selectionChanged, this, &TopologyPage::takeSelection);
    connect(m_view, &TopologyView::badgeActivated, this,
        [this](const QString& edgeId, const QRect& anchor) {
            if (const EdgeState* edge = edgeOfSceneId(m_context.session.model(), edgeId)) {
                m_context.selection.set(edge->edge.key);
                Q_EMIT tripWanted(edge->edge.key, anchor);
            }
        });
}

void TopologyPage::requestScene()
{
    if (!m_frame.isActive())
        m_frame.start();
}

void TopologyPage::buildNow()
{
    const MeshSession& session = m_context.session;
    const auto find = FindExpression::parse(m_context.filter.findText());
    SceneInputs inputs;
    inputs.figure = m_context.filter.figure();
    inputs.environment = m_context.filter.environment();
    inputs.find = find ? &*find : nullptr;
    inputs.editRefusal = session.editRefusal();
    inputs.allStale = session.phase() == MeshSession::Phase::Lost && !session.isPast();
    inputs.extraAgeMs = inputs.allStale ? session.silenceMs() : 0;
    inputs.weights = session.isPast() ? nullptr : &m_policies.weights();
    m_view->setScene(buildScene(session.model(), inputs));
    m_view->setEditable(inputs.editRefusal.isEmpty(), inputs.editRefusal);
    refreshMode();
    refreshBanner();
    const bool empty
        = session.model().nodes().empty() && session.phase() == MeshSession::Phase::Live;
    m_stack->setCurrentWidget(empty ? static_cast<QWidget*>(m_empty) : m_view);
}

void TopologyPage::refreshMode()
{
    const MeshSession& session = m_context.session;
    if (session.isPast())
        m_view->setMode(widgets::ViewMode::Past);
    else
        m_view->setMode(session.phase() == MeshSession::Phase::Lost ? widgets::ViewMode::Lost
                                                                    : widgets::ViewMode::Live);
}

void TopologyPage::refreshBanner()
{
    const MeshSession& session = m_context.session;
    const MeshInfo& mesh = session.model().mesh();
    QString text;
    if (session.isPast())
        text = tr("%1 · %2 ago · nothing can be changed in the past")
                   .arg(clockText(*session.pastMs()),
                       ageText(session.liveModel().unixMs() - *session.pastMs()));
    else if (session.phase() == MeshSession::Phase::Lost)
        text = tr(
            "No word from the control plane for %1, trying again. Traffic may well be flowing.")
                   .arg(ageText(session.silenceMs()));
    else if (session.phase() == MeshSession::Phase::Starting)
        text = mesh.workloadsWanted == 0
            ? tr("The mesh is starting")
            : tr("%1 of %2 ready").arg(mesh.workloadsReady).arg(mesh.workloadsWanted);
    else if (!m_context.filter.findText().isEmpty())
        if (const auto& nodes = session.model().nodes(); !nodes.empty()) {
            const auto find = FindExpression::parse(m_context.filter.findText());
            const bool any = find && std::any_of(nodes.begin(), nodes.end(), [&](const auto& item) {
                return find->hides() || find->matches(session.model(), item.second);
            });
            if (find && !any)
                text = tr("Nothing matches. Change the find field, or clear it.");
        }
    m_bannerText->setText(text);
    m_banner->setProperty("role", session.isPast() ? u"time"_s : u"warn"_s);
    m_banner->style()->unpolish(m_banner);
    m_banner->style()->polish(m_banner);
    m_bannerButton->setVisible(session.isPast());
    m_banner->setVisible(!text.isEmpty());
    placeBanner();
}

void TopologyPage::placeBanner()
{
    m_banner->adjustSize();
    m_banner->move((width() - m_banner->width()) / 2, 10);
    m_banner->raise();
}

void TopologyPage::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    placeBanner();
}

void TopologyPage::takeSelection(const scene::Part& part)
{
    const MeshModel& model = m_context.session.model();
    if (part.kind == scene::PartKind::Node) {
        if (const Node* node = nodeOfSceneId(model, part.id))
            m_context.selection.set(node->key);
    } else if (part.kind == scene::PartKind::Edge || part.kind == scene::PartKind::EdgeEnd
        || part.kind == scene::PartKind::Badge) {
        if (const EdgeState* edge = edgeOfSceneId(model, part.id))
            m_context.selection.set(edge->edge.key);
    } else if (part.kind == scene::PartKind::None) {
        m_context.selection.clear();
    }
}

void TopologyPage::showSelection()
{
    scene::Part part;
    if (const EdgeKey* edge = m_context.selection.edge())
        part = {scene::PartKind::Edge, sceneId(*edge)};
    else if (const NodeKey* node = m_context.selection.node())
        part = {scene::PartKind::Node, sceneId(*node)};
    if (m_view->selected() == part)
        return;
    m_view->select(part);
    if (part)
        m_view->centreOn(part);
}

void TopologyPage::applyTheme()
{
    m_view->setTokens(m_context.theme.tokens());
}

} // namespace meshyard::ui
