// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/console_pilot.h"

#include "widgets/timeline/timeline_view.h"
#include "widgets/topology/topology_view.h"

#include <QLabel>
#include <QTest>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::test {
namespace {

constexpr int kDragSteps = 12;
// The margins of the strip's chart, where its scales stand.
constexpr int kStripLeft = 72;
constexpr int kStripRight = 52;

} // namespace

ConsolePilot::ConsolePilot(QWidget& window)
    : m_window(window)
{
}

widgets::TopologyView& ConsolePilot::canvas() const
{
    return *m_window.findChild<widgets::TopologyView*>();
}

widgets::TimelineView& ConsolePilot::timeline() const
{
    return *m_window.findChild<widgets::TimelineView*>();
}

std::optional<scene::SceneEdge> ConsolePilot::edge(const QString& from, const QString& to) const
{
    const auto placed = canvas().placed();
    std::optional<scene::SceneEdge> busiest;
    if (!placed)
        return busiest;
    for (const scene::SceneEdge& one : placed->model->edges)
        if (one.source == from && one.target == to && (!busiest || one.rate > busiest->rate))
            busiest = one;
    return busiest;
}

int ConsolePilot::edgesWithin(const QString& environment) const
{
    const auto placed = canvas().placed();
    if (!placed)
        return 0;
    const auto& edges = placed->model->edges;
    return static_cast<int>(std::count_if(edges.begin(), edges.end(),
        [&](const scene::SceneEdge& one) { return one.source.startsWith(environment + u'/'); }));
}

QPoint ConsolePilot::middle(const scene::Part& part) const
{
    return canvas().viewportRectOf(part).center();
}

bool ConsolePilot::shows(const scene::Part& part) const
{
    return !canvas().viewportRectOf(part).isNull();
}

void ConsolePilot::click(const scene::Part& part) const
{
    QTest::mouseClick(canvas().viewport(), Qt::LeftButton, {}, middle(part));
}

void ConsolePilot::pressAndMove(const scene::Part& from, const scene::Part& to) const
{
    QWidget* const viewport = canvas().viewport();
    const QPoint start = middle(from);
    const QPoint end = middle(to);
    QTest::mouseMove(viewport, start);
    QTest::mousePress(viewport, Qt::LeftButton, {}, start);
    for (int step = 1; step <= kDragSteps; ++step)
        QTest::mouseMove(viewport, start + (end - start) * step / kDragSteps);
}

void ConsolePilot::release(const scene::Part& over) const
{
    QTest::mouseRelease(canvas().viewport(), Qt::LeftButton, {}, middle(over));
}

void ConsolePilot::scrubTo(std::int64_t unixMs) const
{
    widgets::TimelineView& strip = timeline();
    const double share = static_cast<double>(unixMs - strip.fromMs())
        / static_cast<double>(std::max<std::int64_t>(1, strip.toMs() - strip.fromMs()));
    const double x = kStripLeft + share * (strip.width() - kStripLeft - kStripRight);
    QTest::mouseClick(&strip, Qt::LeftButton, {}, QPoint(static_cast<int>(x), strip.height() / 3));
}

QWidget* ConsolePilot::visible(const QString& objectName) const
{
    for (QWidget* child : m_window.findChildren<QWidget*>(objectName))
        if (child->isVisible())
            return child;
    return nullptr;
}

void ConsolePilot::click(QWidget& widget) const
{
    QTest::mouseClick(&widget, Qt::LeftButton);
}

QString ConsolePilot::banner() const
{
    const QWidget* banner = visible(u"banner"_s);
    const QLabel* words = banner ? banner->findChild<QLabel*>() : nullptr;
    return words ? words->text() : QString();
}

} // namespace meshyard::test
