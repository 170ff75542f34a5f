// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/actions/action_registry.h"

#include "ui/theme/theme.h"

#include <QAction>
#include <QWidget>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {

ActionRegistry::ActionRegistry(QWidget& window, Theme& theme, QObject* parent)
    : QObject(parent)
    , m_window(window)
    , m_theme(theme)
{
    connect(&theme, &Theme::changed, this, &ActionRegistry::refreshIcons);
}

QAction* ActionRegistry::add(
    const ActionSpec& spec, QObject* context, std::function<void()> trigger)
{
    auto* action = new QAction(spec.text, &m_window);
    action->setObjectName(spec.id);
    action->setShortcut(spec.shortcut);
    action->setShortcutContext(Qt::WindowShortcut);
    action->setStatusTip(spec.status);
    action->setCheckable(spec.checkable);
    QString tip = spec.status.isEmpty() ? spec.text : spec.status;
    if (!spec.shortcut.isEmpty())
        tip += u" ("_s + spec.shortcut.toString(QKeySequence::NativeText) + u')';
    if (!spec.commandLine.isEmpty())
        tip += u'\n' + spec.commandLine;
    action->setToolTip(tip);
    if (!spec.icon.isEmpty())
        action->setIcon(m_theme.icon(spec.icon));
    connect(action, &QAction::triggered, context, [trigger = std::move(trigger)] { trigger(); });
    m_window.addAction(action);
    m_entries.push_back({spec, action});
    return action;
}

QAction* ActionRegistry::action(const QString& id) const
{
    for (const Entry& entry : m_entries)
        if (entry.spec.id == id)
            return entry.action;
    return nullptr;
}

void ActionRegistry::refreshIcons()
{
    for (const Entry& entry : m_entries)
        if (!entry.spec.icon.isEmpty())
            entry.action->setIcon(m_theme.icon(entry.spec.icon));
}

} // namespace meshyard::ui
