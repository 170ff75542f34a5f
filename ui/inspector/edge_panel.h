// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/session/ui_context.h"

#include <QWidget>

class QLabel;
class QPushButton;
class QVBoxLayout;

namespace meshyard::widgets {
class TimePlot;
}

namespace meshyard::ui {

class BreakerStrips;
class EventList;
class KeyFigure;
class PolicyList;
class PolicyStore;

/// Everything about one edge.
class EdgePanel final : public QWidget
{
    Q_OBJECT

public:
    EdgePanel(const UiContext& context, PolicyStore& policies, QWidget* parent = nullptr);

    void show(const MeshModel& model, const EdgeState& edge);

Q_SIGNALS:
    void tripWanted();
    void resetWanted();
    void releaseWanted();
    void editPolicyWanted();
    void documentWanted(const QString& id);

private:
    void addHead(QVBoxLayout& layout);
    void addFigures(QVBoxLayout& layout);
    void addCharts(QVBoxLayout& layout);
    void addButtons(QVBoxLayout& layout);
    void applyTheme();
    void showHead(const EdgeState& edge);
    void showFigures(const MeshModel& model, const EdgeState& edge);
    void showCharts(const MeshModel& model, const EdgeState& edge);
    void showBreaker(const MeshModel& model, const EdgeState& edge);
    void showButtons(const EdgeState& edge);

    UiContext m_context;
    PolicyStore& m_store; // outlives us
    QLabel* m_title = nullptr;
    QLabel* m_subtitle = nullptr;
    QLabel* m_breakerPill = nullptr;
    QLabel* m_healthPill = nullptr;
    KeyFigure* m_rate = nullptr;
    KeyFigure* m_success = nullptr;
    KeyFigure* m_latency = nullptr;
    KeyFigure* m_inFlight = nullptr;
    QLabel* m_outcomeTop = nullptr;
    QLabel* m_latencyTop = nullptr;
    widgets::TimePlot* m_outcomes = nullptr;
    widgets::TimePlot* m_latencies = nullptr;
    BreakerStrips* m_strips = nullptr;
    QPushButton* m_trip = nullptr;
    QPushButton* m_reset = nullptr;
    QPushButton* m_edit = nullptr;
    PolicyList* m_policies = nullptr;
    EventList* m_events = nullptr;
    bool m_tripped = false;
};

} // namespace meshyard::ui
