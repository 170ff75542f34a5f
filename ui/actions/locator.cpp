// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/actions/locator.h"

#include "ui/actions/action_registry.h"
#include "ui/session/mesh_session.h"
#include "ui/session/selection.h"
#include "ui/topology/edge_words.h"

#include <QAction>
#include <QApplication>
#include <QDateTime>
#include <QKeyEvent>
#include <QLineEdit>
#include <QListWidget>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kMaxRows = 12;
constexpr int kWidth = 560;
constexpr int kGoalRole = Qt::UserRole;

/// All letters of `pattern` in this order; 0 = no match, more is better.
int score(const QString& text, const QString& pattern)
{
    if (pattern.isEmpty())
        return 1;
    const qsizetype whole = text.indexOf(pattern, 0, Qt::CaseInsensitive);
    if (whole >= 0)
        return whole == 0 ? 1000 : 500;
    qsizetype at = 0;
    for (const QChar c : pattern) {
        if (c.isSpace())
            continue;
        at = text.indexOf(c, at, Qt::CaseInsensitive);
        if (at < 0)
            return 0;
        ++at;
    }
    return 100;
}

} // namespace

Locator::Locator(const UiContext& context, QWidget* window)
    : QFrame(window)
    , m_context(context)
    , m_field(new QLineEdit(this))
    , m_list(new QListWidget(this))
{
    setObjectName(u"popover"_s);
    setAccessibleName(tr("Go to anything"));
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(10, 10, 10, 10);
    m_field->setPlaceholderText(tr("A service, an edge, an action, or a time such as 14:05"));
    m_field->setAccessibleName(tr("Go to"));
    m_list->setAccessibleName(tr("Matches"));
    m_list->setFocusPolicy(Qt::NoFocus);
    m_list->setUniformItemSizes(true);
    layout->addWidget(m_field);
    layout->addWidget(m_list);
    connect(m_field, &QLineEdit::textChanged, this, &Locator::list);
    connect(m_list, &QListWidget::itemClicked, this, &Locator::goCurrent);
    m_field->installEventFilter(this);
    hide();
}

void Locator::popUp()
{
    collect();
    m_field->clear();
    list();
    const QWidget* window = parentWidget();
    setFixedWidth(std::min(kWidth, window->width() - 40));
    adjustSize();
    move((window->width() - width()) / 2, 64);
    show();
    raise();
    m_field->setFocus(Qt::PopupFocusReason);
}

void Locator::collect()
{
    m_goals.clear();
    collectMesh();
    collectActions();
    m_fixedGoals = m_goals.size();
}

void Locator::collectActions()
{
    for (const auto& entry : m_context.actions.entries()) {
        if (!entry.action->isEnabled() || entry.spec.id == u"go.anything"_s)
            continue;
        const QString shortcut = entry.spec.shortcut.toString(QKeySequence::NativeText);
        m_goals.push_back({entry.action->text(), tr("action"), shortcut,
            [action = entry.action] { action->trigger(); }});
    }
}

void Locator::collectMesh()
{
    const MeshModel& model = m_context.session.model();
    for (const auto& [key, node] : model.nodes())
        m_goals.push_back({nodeText(key), tr("service"), QString::fromStdString(key.ns),
            [this, key = key] { m_context.selection.set(key); }});
    for (const auto& [key, edge] : model.edges())
        m_goals.push_back({edgeText(key), tr("edge"), QString::fromStdString(key.source.ns),
            [this, key = key] { m_context.selection.set(key); }});
}

void Locator::addTimeGoal(const QString& text)
{
    for (const QString& format : {u"H:mm:ss"_s, u"H:mm"_s}) {
        const QTime time = QTime::fromString(text, format);
        if (!time.isValid())
            continue;
        QDateTime when(QDate::currentDate(), time);
        if (when > QDateTime::currentDateTime())
            when = when.addDays(-1);
        m_goals.push_back({tr("Go to %1").arg(when.toString(u"yyyy-MM-dd HH:mm:ss"_s)), tr("time"),
            {}, [this, when] { m_context.session.goTo(when.toMSecsSinceEpoch()); }});
        return;
    }
}

void Locator::list()
{
    m_goals.resize(m_fixedGoals);
    const QString pattern = m_field->text().trimmed();
    addTimeGoal(pattern);
    std::vector<std::pair<int, std::size_t>> found;
    for (std::size_t i = 0; i < m_goals.size(); ++i) {
        const int points = i >= m_fixedGoals ? 2000 : score(m_goals[i].text, pattern);
        if (points > 0)
            found.emplace_back(-points, i);
    }
    std::stable_sort(
        found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    m_list->clear();
    for (std::size_t i = 0; i < std::min<std::size_t>(found.size(), kMaxRows); ++i)
        addRow(found[i].second);
    m_list->setCurrentRow(0);
    m_list->setFixedHeight(std::max(1, m_list->count()) * 31 + 4);
    adjustSize();
}

void Locator::addRow(std::size_t index)
{
    const Goal& goal = m_goals[index];
    //: one row of the "go to anything" list: what it is, its kind
    QString text = tr("%1   %2").arg(goal.text, goal.kind);
    if (!goal.detail.isEmpty())
        text += u" · "_s + goal.detail;
    auto* item = new QListWidgetItem(text, m_list);
    item->setData(kGoalRole, static_cast<qulonglong>(index));
}

void Locator::goCurrent()
{
    const QListWidgetItem* item = m_list->currentItem();
    hide();
    if (!item)
        return;
    const auto go = m_goals.at(item->data(kGoalRole).toULongLong()).go;
    go();
}

bool Locator::handleKey(int key)
{
    const int row = m_list->currentRow();
    switch (key) {
    case Qt::Key_Down:
        m_list->setCurrentRow(std::min(row + 1, m_list->count() - 1));
        return true;
    case Qt::Key_Up:
        m_list->setCurrentRow(std::max(row - 1, 0));
        return true;
    case Qt::Key_Return:
    case Qt::Key_Enter:
        goCurrent();
        return true;
    case Qt::Key_Escape:
        hide();
        return true;
    default:
        return false;
    }
}

bool Locator::eventFilter(QObject* watched, QEvent* event)
{
    if (event->type() == QEvent::KeyPress && handleKey(static_cast<QKeyEvent*>(event)->key()))
        return true;
    if (event->type() == QEvent::FocusOut && !m_list->underMouse())
        hide();
    return QFrame::eventFilter(watched, event);
}

} // namespace meshyard::ui
