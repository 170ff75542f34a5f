// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/session/past_reader.h"
#include "ui/session/ui_context.h"

#include <QTimer>
#include <QWidget>

#include <deque>

class QHBoxLayout;
class QLabel;
class QToolButton;

namespace meshyard::widgets {
class TimelineView;
}

namespace meshyard::ui {

/// The dock at the bottom: the history as a strip, with keys to walk in it and the way back to
/// live.
class TimelineDock final : public QWidget
{
    Q_OBJECT

public:
    explicit TimelineDock(const UiContext& context, QWidget* parent = nullptr);

Q_SIGNALS:
    /// What the history says of itself, for the status line.
    void historySaid(const QString& text);

private:
    void addHead(QHBoxLayout& row);
    QToolButton* addButton(QHBoxLayout& row, const QString& icon, const QString& name);
    void addLegend(QHBoxLayout& row);
    void applyTheme();
    void takeLive(const MeshFramePtr& frame);
    void askOverview();
    void takeOverview(const PastOverview& overview);
    void refreshTime();
    void refreshView();
    void follow();
    void startOver();

    UiContext m_context;
    widgets::TimelineView* m_view;
    QLabel* m_reach = nullptr;
    QLabel* m_clock = nullptr;
    QToolButton* m_first = nullptr;
    QToolButton* m_back = nullptr;
    QToolButton* m_play = nullptr;
    QToolButton* m_last = nullptr;
    std::vector<std::pair<QLabel*, int>> m_legend; // sign and what it stands for
    std::deque<TrafficStep> m_live; // seconds seen by this window, at most an hour
    PastOverview m_overview; // what the history knows of the range shown
    QTimer m_ask;
    std::int64_t m_spanMs = 10 * 60'000;
    std::int64_t m_endMs = 0; // right end while not live
};

} // namespace meshyard::ui
