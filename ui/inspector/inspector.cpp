// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/inspector/inspector.h"

#include "ui/inspector/edge_panel.h"
#include "ui/inspector/node_panel.h"
#include "ui/policy/policy_store.h"
#include "ui/session/mesh_session.h"
#include "ui/session/selection.h"
#include "ui/theme/theme.h"

#include <QPainter>
#include <QScrollArea>
#include <QStackedLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kWidth = 352;

QScrollArea* scrolled(QWidget* panel, QWidget* parent)
{
    auto* area = new QScrollArea(parent);
    panel->setObjectName(u"scrollBody"_s);
    area->setWidget(panel);
    area->setWidgetResizable(true);
    area->setFrameShape(QFrame::NoFrame);
    area->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    return area;
}

/// The two pixels that say the figures below are of another time.
class TimeFrame final : public QWidget
{
public:
    TimeFrame(Theme& theme, QWidget* parent)
        : QWidget(parent)
        , m_theme(theme)
    {
        setAttribute(Qt::WA_TransparentForMouseEvents);
        setFocusPolicy(Qt::NoFocus);
    }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QPainter painter(this);
        painter.setPen(QPen(m_theme.tokens().time, 2));
        painter.drawRect(rect().adjusted(1, 1, -1, -1));
    }

private:
    Theme& m_theme;
};

} // namespace

Inspector::Inspector(const UiContext& context, PolicyStore& policies, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_stack(new QStackedLayout(this))
    , m_edge(new EdgePanel(context, policies))
    , m_node(new NodePanel(context))
    , m_mesh(new MeshPanel(context))
    , m_timeFrame(new TimeFrame(context.theme, this))
{
    setObjectName(u"inspector"_s);
    setAttribute(Qt::WA_StyledBackground);
    setAccessibleName(tr("Inspector"));
    setMinimumWidth(kWidth);
    for (QWidget* panel : {static_cast<QWidget*>(m_mesh), static_cast<QWidget*>(m_edge),
             static_cast<QWidget*>(m_node)})
        m_stack->addWidget(scrolled(panel, this));
    const auto withEdge = [this](auto signal) {
        return [this, signal] {
            if (const EdgeKey* key = m_context.selection.edge())
                (this->*signal)(*key);
        };
    };
    connect(m_edge, &EdgePanel::tripWanted, this, withEdge(&Inspector::tripWanted));
    connect(m_edge, &EdgePanel::resetWanted, this, withEdge(&Inspector::resetWanted));
    connect(m_edge, &EdgePanel::releaseWanted, this, withEdge(&Inspector::releaseWanted));
    connect(m_edge, &EdgePanel::editPolicyWanted, this, withEdge(&Inspector::editPolicyWanted));
    connect(m_edge, &EdgePanel::documentWanted, this, &Inspector::documentWanted);
    connect(&context.selection, &Selection::changed, this, &Inspector::refresh);
    connect(&context.session, &MeshSession::modelChanged, this, &Inspector::refresh);
    connect(&context.session, &MeshSession::timeChanged, this, &Inspector::frameThePast);
    connect(m_stack, &QStackedLayout::currentChanged, m_timeFrame, &QWidget::raise);
    connect(&policies, &PolicyStore::changed, this, &Inspector::refresh);
    frameThePast();
    refresh();
}

void Inspector::frameThePast()
{
    m_timeFrame->setVisible(m_context.session.isPast());
    m_timeFrame->raise();
}

void Inspector::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    m_timeFrame->setGeometry(rect());
}

void Inspector::refresh()
{
    const MeshModel& model = m_context.session.model();
    if (const EdgeKey* key = m_context.selection.edge()) {
        if (const EdgeState* edge = model.edge(*key)) {
            m_edge->show(model, *edge);
            m_stack->setCurrentIndex(1);
            return;
        }
    }
    if (const NodeKey* key = m_context.selection.node()) {
        if (const Node* node = model.node(*key)) {
            m_node->show(model, *node);
            m_stack->setCurrentIndex(2);
            return;
        }
    }
    m_mesh->show(model);
    m_stack->setCurrentIndex(0);
}

} // namespace meshyard::ui
