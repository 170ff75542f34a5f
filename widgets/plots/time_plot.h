// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/tokens.h"

#include <QString>
#include <QWidget>

#include <memory>
#include <vector>

namespace meshyard::widgets {

/// A small chart over time: stacked areas or lines, linear or logarithmic, no controls.
///
/// Times are Unix seconds; a NaN value breaks the line. Replots at most once an event-loop turn and
/// not at all while hidden. Thread: GUI.
class TimePlot final : public QWidget
{
    Q_OBJECT

public:
    enum class Scale { Linear, Logarithmic };
    struct Series
    {
        QString name; // for assistive technology and the legend in the tooltip
        QColor color;
        bool filled = false; // an area down to the axis; later series are drawn over earlier ones
        Qt::PenStyle pen = Qt::SolidLine;
    };
    struct Point
    {
        double seconds = 0;
        double value = 0;
    };

    explicit TimePlot(Scale scale, QWidget* parent = nullptr);
    ~TimePlot() override;

    void setTokens(const scene::Tokens& tokens);
    void setSeries(const std::vector<Series>& series);
    void setPoints(std::size_t series, const std::vector<Point>& points);
    /// The range of time shown, Unix seconds.
    void setTimeRange(double from, double to);
    /// A dashed line across, e.g. an objective; NaN = none.
    void setObjective(double value, const QString& words);
    /// Upper end of the value axis; what the caption beside the chart says.
    double valueMaximum() const;

protected:
    void showEvent(QShowEvent* event) override;

private:
    void rescale();
    void scheduleReplot();
    void describe();

    struct Private;
    std::unique_ptr<Private> d;
};

} // namespace meshyard::widgets
