// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame/top_bar.h"

#include "ui/actions/action_registry.h"
#include "ui/session/mesh_session.h"
#include "ui/session/view_filter.h"
#include "ui/theme/figures.h"
#include "ui/theme/theme.h"
#include "ui/topology/find_language.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPainter>
#include <QSignalBlocker>
#include <QStyle>
#include <QToolButton>

#include <set>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kBarHeight = 48;

QPixmap dot(const QColor& color, qreal scale)
{
    QPixmap pixmap(QSize(12, 12) * scale);
    pixmap.setDevicePixelRatio(scale);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(Qt::NoPen);
    painter.setBrush(color);
    painter.drawEllipse(QRectF(1.5, 1.5, 9, 9));
    return pixmap;
}

} // namespace

TopBar::TopBar(const UiContext& context, QMenu& menu, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
{
    setObjectName(u"topBar"_s);
    setAttribute(Qt::WA_StyledBackground);
    setFixedHeight(kBarHeight);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(16, 6, 12, 6);
    layout->setSpacing(8);
    addMeshName(*layout);
    addFind(*layout);
    addTimeAndRevision(*layout);
    addButton(*layout, u"edit.undo"_s, true);
    addButton(*layout, u"edit.redo"_s, true);
    addButton(*layout, u"file.export"_s, false);
    auto* more = new QToolButton(this);
    more->setObjectName(u"button"_s);
    more->setIcon(context.theme.icon(u"more"_s));
    more->setAccessibleName(tr("Menu"));
    more->setToolTip(tr("Menu"));
    more->setMenu(&menu);
    more->setPopupMode(QToolButton::InstantPopup);
    more->setStyleSheet(u"QToolButton::menu-indicator { image: none; }"_s);
    layout->addWidget(more);

    MeshSession& session = context.session;
    connect(&session, &MeshSession::phaseChanged, this, &TopBar::refreshAll);
    connect(&session, &MeshSession::modelChanged, this, &TopBar::refreshAll);
    connect(&session, &MeshSession::timeChanged, this, &TopBar::refreshAll);
    connect(&session, &MeshSession::topologyChanged, this, &TopBar::refreshEnvironments);
    connect(&context.theme, &Theme::changed, this, [this, more] {
        more->setIcon(m_context.theme.icon(u"more"_s));
        refreshAll();
    });
    refreshAll();
    refreshEnvironments();
}

void TopBar::addMeshName(QHBoxLayout& layout)
{
    m_dot = new QLabel(this);
    m_name = new QLabel(this);
    QFont bold = m_name->font();
    bold.setWeight(QFont::DemiBold);
    m_name->setFont(bold);
    m_kind = new QLabel(this);
    m_kind->setProperty("role", u"sub"_s);
    m_environment = new QComboBox(this);
    m_environment->setAccessibleName(tr("Environment"));
    m_environment->setToolTip(tr("Show all environments or one"));
    m_environment->setMinimumWidth(132);
    connect(m_environment, &QComboBox::activated, this, [this](int index) {
        m_context.filter.setEnvironment(m_environment->itemData(index).toString());
    });
    layout.addWidget(m_dot);
    layout.addWidget(m_name);
    layout.addWidget(m_kind);
    layout.addSpacing(12);
    layout.addWidget(m_environment);
}

void TopBar::addFind(QHBoxLayout& layout)
{
    m_find = new QLineEdit(this);
    m_find->setObjectName(u"findField"_s);
    m_find->setPlaceholderText(tr("Find or hide, e.g. success < 99% and rate > 10"));
    m_find->setAccessibleName(tr("Find or hide"));
    m_find->setClearButtonEnabled(true);
    m_find->setMinimumWidth(140);
    connect(m_find, &QLineEdit::textChanged, this, [this](const QString& text) {
        refreshFindState();
        m_context.filter.setFindText(text);
    });
    layout.addWidget(m_find, 1);

    auto* locator = new QToolButton(this);
    locator->setObjectName(u"button"_s);
    QAction* action = m_context.actions.action(u"go.anything"_s);
    locator->setText(
        tr("Go to anything   %1").arg(action->shortcut().toString(QKeySequence::NativeText)));
    locator->setAccessibleName(tr("Go to anything"));
    locator->setToolTip(action->toolTip());
    connect(locator, &QToolButton::clicked, action, &QAction::trigger);
    layout.addWidget(locator);
}

void TopBar::addTimeAndRevision(QHBoxLayout& layout)
{
    m_time = new QToolButton(this);
    m_time->setObjectName(u"button"_s);
    m_time->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    m_time->setIconSize({12, 12});
    connect(m_time, &QToolButton::clicked, this, [this] { m_context.session.backToLive(); });
    layout.addWidget(m_time);
    m_revision = new QToolButton(this);
    m_revision->setObjectName(u"button"_s);
    QAction* revisions = m_context.actions.action(u"page.revisions"_s);
    connect(m_revision, &QToolButton::clicked, revisions, &QAction::trigger);
    layout.addWidget(m_revision);
}

QToolButton* TopBar::addButton(QHBoxLayout& layout, const QString& actionId, bool iconOnly)
{
    auto* button = new QToolButton(this);
    button->setObjectName(u"button"_s);
    button->setDefaultAction(m_context.actions.action(actionId));
    button->setAccessibleName(button->defaultAction()->text());
    button->setToolButtonStyle(iconOnly ? Qt::ToolButtonIconOnly : Qt::ToolButtonTextOnly);
    button->setIconSize({16, 16});
    layout.addWidget(button);
    return button;
}

void TopBar::focusFind()
{
    m_find->setFocus(Qt::ShortcutFocusReason);
    m_find->selectAll();
}

void TopBar::refreshMesh()
{
    const MeshSession& session = m_context.session;
    const auto& t = m_context.theme.tokens();
    QColor color = t.idle;
    QString state = tr("No mesh is open");
    switch (session.phase()) {
    case MeshSession::Phase::Live:
        color = t.ok;
        state = tr("Connected");
        break;
    case MeshSession::Phase::Starting:
        color = t.warn;
        state = tr("Starting");
        break;
    case MeshSession::Phase::Lost:
    case MeshSession::Phase::Failed:
        color = t.bad;
        state = tr("No word from the control plane");
        break;
    case MeshSession::Phase::File:
        color = t.time;
        state = tr("A recording");
        break;
    case MeshSession::Phase::FirstRun:
        break;
    }
    m_dot->setPixmap(dot(color, devicePixelRatioF()));
    m_dot->setToolTip(state);
    m_dot->setAccessibleName(state);
    const MeshInfo& mesh = session.model().mesh();
    m_name->setText(session.displayName().isEmpty() ? tr("Meshyard") : session.displayName());
    m_kind->setText(mesh.demo ? tr("demo mesh") : QString::fromStdString(mesh.name));
    m_kind->setVisible(!m_kind->text().isEmpty());
}

void TopBar::refreshEnvironments()
{
    std::set<QString> names;
    for (const auto& [key, node] : m_context.session.model().nodes())
        names.insert(QString::fromStdString(key.ns));
    const QString chosen = m_context.filter.environment();
    const QSignalBlocker blocker(m_environment);
    m_environment->clear();
    m_environment->addItem(tr("All environments"), QString());
    for (const QString& name : names)
        m_environment->addItem(name, name);
    m_environment->setCurrentIndex(std::max(0, m_environment->findData(chosen)));
    m_environment->setEnabled(!names.empty());
}

void TopBar::refreshTime()
{
    const MeshSession& session = m_context.session;
    const auto& t = m_context.theme.tokens();
    m_time->setIcon(dot(t.time, devicePixelRatioF()));
    m_time->setVisible(session.phase() != MeshSession::Phase::FirstRun);
    if (session.isPast()) {
        m_time->setText(clockText(*session.pastMs()));
        m_time->setToolTip(tr("You are looking at the past. Click to go back to live."));
    } else if (session.phase() == MeshSession::Phase::File) {
        m_time->setText(clockText(session.shownMs()));
        m_time->setToolTip(tr("The second shown of this recording"));
    } else {
        m_time->setText(tr("Live · 1 s"));
        m_time->setToolTip(tr("Every figure is at most one second old."));
    }
    m_time->setAccessibleName(m_time->text());
}

void TopBar::refreshRevision()
{
    const MeshInfo& mesh = m_context.session.model().mesh();
    m_revision->setVisible(m_context.session.model().unixMs() > 0);
    const bool applied = mesh.appliedRevision >= mesh.revision;
    const QString state = applied ? tr("applied") : tr("pending");
    m_revision->setText(tr("Revision %1 · %2").arg(mesh.revision).arg(state));
    m_revision->setToolTip(applied
            ? tr("All %n proxies have acknowledged it. Click for the list of revisions.", nullptr,
                  static_cast<int>(mesh.proxies))
            : tr("%1 of %2 proxies have acknowledged it.")
                  .arg(mesh.proxiesInSync)
                  .arg(mesh.proxies));
    m_revision->setAccessibleName(m_revision->text());
}

void TopBar::refreshFindState()
{
    const auto parsed = FindExpression::parse(m_find->text());
    m_find->setProperty("invalid", !parsed.has_value());
    m_find->setToolTip(parsed ? tr("Names, or figures: rate, success, p50, p95, p99, breaker. "
                                   "Start with \"hide:\" to hide instead.")
                              : QString::fromStdString(parsed.error().message));
    m_find->style()->unpolish(m_find);
    m_find->style()->polish(m_find);
}

void TopBar::refreshAll()
{
    refreshMesh();
    refreshTime();
    refreshRevision();
}

} // namespace meshyard::ui
