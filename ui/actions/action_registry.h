// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QKeySequence>
#include <QObject>
#include <QString>

#include <functional>
#include <vector>

class QAction;
class QWidget;

namespace meshyard::ui {

class Theme;

/// What an action is, said once; menus, locator, cheat sheet and tooltips read it from here.
struct ActionSpec
{
    QString id; // stable, for tests and settings
    QString text;
    QString icon; // name in resources/icons; may be empty
    QKeySequence shortcut;
    QString status; // one sentence: what it does
    QString commandLine; // its meshyardctl twin; empty = none
    bool checkable = false;
};

/// All actions of the window.
///
/// Thread: GUI.
class ActionRegistry final : public QObject
{
    Q_OBJECT

public:
    struct Entry
    {
        ActionSpec spec;
        QAction* action = nullptr; // owned by the registry's window
    };

    /// @param window gets the actions, so that shortcuts work everywhere in it; outlives us.
    ActionRegistry(QWidget& window, Theme& theme, QObject* parent = nullptr);

    QAction* add(const ActionSpec& spec, QObject* context, std::function<void()> trigger);
    /// nullptr for an unknown id.
    QAction* action(const QString& id) const;
    const std::vector<Entry>& entries() const { return m_entries; }

private:
    void refreshIcons();

    QWidget& m_window;
    Theme& m_theme; // outlives us
    std::vector<Entry> m_entries;
};

} // namespace meshyard::ui
