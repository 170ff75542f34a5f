// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/ui_context.h"

#include <QFrame>

#include <functional>
#include <vector>

class QLineEdit;
class QListWidget;

namespace meshyard::ui {

/// Ctrl+K: type a few letters, press Enter, be there. Knows actions, services, edges and times.
class Locator final : public QFrame
{
    Q_OBJECT

public:
    /// A child of `window`, hidden until popUp().
    Locator(const UiContext& context, QWidget* window);

    void popUp();

protected:
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    struct Goal
    {
        QString text;
        QString kind; // "service", "edge", "action", "time"
        QString detail; // shortcut, twin
        std::function<void()> go;
    };

    void collect();
    void collectActions();
    void collectMesh();
    void list();
    void addTimeGoal(const QString& text);
    void addRow(std::size_t goal);
    void goCurrent();
    bool handleKey(int key);

    UiContext m_context;
    QLineEdit* m_field;
    QListWidget* m_list;
    std::vector<Goal> m_goals;
    std::size_t m_fixedGoals = 0;
};

} // namespace meshyard::ui
