// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/tokens.h"

#include <QString>
#include <QWidget>

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace meshyard::widgets {

/// The history of a mesh as one strip: calls, failed calls, p99, what happened, and the playhead.
///
/// Press or drag scrubs; Left and Right step a second, with Shift ten; Home and End go to the ends;
/// the wheel zooms around the pointer. Thread: GUI.
class TimelineView final : public QWidget
{
    Q_OBJECT

public:
    struct Bar
    {
        std::int64_t unixMs = 0; // its beginning
        std::int64_t stepMs = 1000;
        double requestsPerSecond = 0;
        double failedPerSecond = 0;
        std::optional<double> p99Ms;
    };
    enum class MarkKind { Revision, Breaker, Recovered, Operator };
    struct Mark
    {
        std::int64_t unixMs = 0;
        MarkKind kind = MarkKind::Revision;
        QString words;
    };

    explicit TimelineView(QWidget* parent = nullptr);

    void setTokens(const scene::Tokens& tokens);
    /// @param bars ascending. @param marks ascending.
    void setData(std::vector<Bar> bars, std::vector<Mark> marks);
    void setRange(std::int64_t fromMs, std::int64_t toMs);
    std::int64_t fromMs() const { return m_fromMs; }
    std::int64_t toMs() const { return m_toMs; }
    /// The instant looked at; `live` draws it at the right end.
    void setPlayhead(std::int64_t unixMs, bool live);
    /// Words for the left and right scale, e.g. "400 rps" and "1 s"; made by `rateWords` and
    /// `latencyWords` because figures are the user interface's business.
    std::function<QString(double perSecond)> rateWords;
    std::function<QString(double milliseconds)> latencyWords;

    QSize sizeHint() const override { return {600, 104}; }

Q_SIGNALS:
    void scrubbed(qint64 unixMs);
    void stepped(int seconds);
    void liveWanted();
    /// The user zoomed; the owner asks the history for this range.
    void rangeWanted(qint64 fromMs, qint64 toMs);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    bool event(QEvent* event) override;

private:
    QRectF chart() const;
    double xOf(std::int64_t unixMs) const;
    std::int64_t msAt(double x) const;
    void paintAxes(QPainter& painter) const;
    void paintBars(QPainter& painter) const;
    void paintLatency(QPainter& painter) const;
    void paintMarks(QPainter& painter) const;
    void paintMark(QPainter& painter, const Mark& mark) const;
    void paintPlayhead(QPainter& painter) const;
    const Mark* markAt(const QPointF& point) const;
    void rescale();
    void describe();

    scene::Tokens m_tokens;
    std::vector<Bar> m_bars;
    std::vector<Mark> m_marks;
    std::int64_t m_fromMs = 0;
    std::int64_t m_toMs = 0;
    std::int64_t m_playheadMs = 0;
    bool m_live = true;
    double m_rateTop = 1;
    double m_latencyTop = 1;
    double m_latencyFloor = 0.1;
};

} // namespace meshyard::widgets
