// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/scene_state.h"

#include <QPoint>
#include <QString>
#include <QWidget>

#include <optional>

namespace meshyard::widgets {
class TopologyView;
class TimelineView;
} // namespace meshyard::widgets

namespace meshyard::test {

/// Eyes and hands on a console's window: finds things by what they are, moves a real mouse.
///
/// Nodes are named as in files: "production/reviews@v2". Thread: GUI.
class ConsolePilot final
{
public:
    explicit ConsolePilot(QWidget& window);

    QWidget& window() const { return m_window; }
    widgets::TopologyView& canvas() const;
    widgets::TimelineView& timeline() const;

    /// The busiest edge between two nodes as it is drawn now.
    std::optional<scene::SceneEdge> edge(const QString& from, const QString& to) const;
    /// Edges drawn within an environment.
    int edgesWithin(const QString& environment) const;
    QPoint middle(const scene::Part& part) const;
    bool shows(const scene::Part& part) const;

    void click(const scene::Part& part) const;
    /// Presses on one part and moves to another in steps; the button stays down.
    void pressAndMove(const scene::Part& from, const scene::Part& to) const;
    void release(const scene::Part& over) const;
    /// Presses the strip where `unixMs` is, given what the strip shows.
    void scrubTo(std::int64_t unixMs) const;

    /// A visible child of this name; null when there is none.
    QWidget* visible(const QString& objectName) const;
    void click(QWidget& widget) const;
    /// The words of the banner over the canvas; empty while it is hidden.
    QString banner() const;

private:
    QWidget& m_window;
};

} // namespace meshyard::test
