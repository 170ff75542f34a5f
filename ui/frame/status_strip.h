// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/ui_context.h"

#include <QElapsedTimer>
#include <QTimer>
#include <QWidget>

class QLabel;

namespace meshyard::ui {

/// The line at the bottom: connection, sync, history, what operators and breakers hold open, cost.
class StatusStrip final : public QWidget
{
    Q_OBJECT

public:
    explicit StatusStrip(const UiContext& context, QWidget* parent = nullptr);

    /// What the history says of itself, e.g. "history 12 MiB"; empty = nothing recorded.
    void setHistoryText(const QString& text);
    /// A passing sentence (status tips, results), shown in front for some seconds.
    void say(const QString& sentence);

private:
    QLabel* addPart(const QString& role);
    void refresh();
    void refreshConnection();
    void refreshOverrides();
    void refreshBreakers();
    void refreshCost();

    UiContext m_context;
    QLabel* m_connection = nullptr;
    QLabel* m_sync = nullptr;
    QLabel* m_history = nullptr;
    QLabel* m_overrides = nullptr;
    QLabel* m_breakers = nullptr;
    QLabel* m_said = nullptr;
    QLabel* m_cost = nullptr;
    QTimer m_costTimer;
    QTimer m_sayTimer;
    QElapsedTimer m_sinceCost;
    qint64 m_cpuMicros = 0;
};

} // namespace meshyard::ui
