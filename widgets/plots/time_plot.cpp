// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/time_plot.h"

#include "widgets/plots/qcustomplot_header.h"

#include <QVBoxLayout>

#include <cmath>
#include <limits>

namespace meshyard::widgets {
namespace {

constexpr double kNothing = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeastLatency = 0.001; // a log axis has no zero
constexpr int kFillAlpha = 90;

/// 1, 2, 5, 10, 20, 50 … so that the scale does not jump with each value.
double roundUp(double value)
{
    if (value <= 0)
        return 1;
    const double power = std::pow(10.0, std::floor(std::log10(value)));
    for (const double step : {1.0, 2.0, 5.0, 10.0})
        if (value <= step * power)
            return step * power;
    return 10 * power;
}

} // namespace

struct TimePlot::Private
{
    QCustomPlot* plot = nullptr;
    Scale scale = Scale::Linear;
    std::vector<Series> series;
    scene::Tokens tokens;
    QCPItemStraightLine* objective = nullptr;
    QCPItemText* objectiveWords = nullptr;
    double objectiveValue = kNothing;
};

TimePlot::TimePlot(Scale scale, QWidget* parent)
    : QWidget(parent)
    , d(std::make_unique<Private>())
{
    d->scale = scale;
    d->plot = new QCustomPlot(this);
    d->plot->setPlottingHint(QCP::phFastPolylines);
    d->plot->setFocusPolicy(Qt::NoFocus);
    d->plot->setAttribute(Qt::WA_TransparentForMouseEvents);
    d->plot->axisRect()->setAutoMargins(QCP::msNone);
    d->plot->axisRect()->setMargins({0, 2, 0, 2});
    d->plot->xAxis->setTicks(false);
    d->plot->xAxis->setTickLabels(false);
    d->plot->yAxis->setVisible(false);
    d->plot->yAxis->grid()->setVisible(true);
    d->plot->xAxis->grid()->setVisible(false);
    if (scale == Scale::Logarithmic) {
        d->plot->yAxis->setScaleType(QCPAxis::stLogarithmic);
        d->plot->yAxis->setTicker(QSharedPointer<QCPAxisTickerLog>::create());
    }
    d->objective = new QCPItemStraightLine(d->plot);
    d->objectiveWords = new QCPItemText(d->plot);
    d->objectiveWords->setPositionAlignment(Qt::AlignLeft | Qt::AlignBottom);
    d->objective->setVisible(false);
    d->objectiveWords->setVisible(false);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(d->plot);
}

TimePlot::~TimePlot() = default;

void TimePlot::setTokens(const scene::Tokens& tokens)
{
    d->tokens = tokens;
    d->plot->setBackground(QBrush(tokens.panel));
    const QPen line(tokens.grid);
    for (QCPAxis* axis : {d->plot->xAxis, d->plot->yAxis}) {
        axis->setBasePen(line);
        axis->setTickPen(line);
        axis->setSubTickPen(line);
        axis->grid()->setPen(line);
        axis->grid()->setZeroLinePen(line);
    }
    d->objective->setPen(QPen(tokens.warn, 1, Qt::DashLine));
    d->objectiveWords->setColor(tokens.warnText);
    setSeries(d->series);
}

void TimePlot::setSeries(const std::vector<Series>& series)
{
    d->series = series;
    while (d->plot->graphCount() < static_cast<int>(series.size()))
        d->plot->addGraph();
    while (d->plot->graphCount() > static_cast<int>(series.size()))
        d->plot->removeGraph(d->plot->graphCount() - 1);
    for (std::size_t i = 0; i < series.size(); ++i) {
        QCPGraph* graph = d->plot->graph(static_cast<int>(i));
        graph->setName(series[i].name);
        graph->setPen(QPen(series[i].color, 1, series[i].pen));
        QColor fill = series[i].color;
        fill.setAlpha(kFillAlpha);
        graph->setBrush(series[i].filled ? QBrush(fill) : QBrush(Qt::NoBrush));
    }
    scheduleReplot();
}

void TimePlot::setPoints(std::size_t series, const std::vector<Point>& points)
{
    if (series >= d->series.size())
        return;
    QVector<QCPGraphData> samples;
    samples.reserve(static_cast<qsizetype>(points.size()));
    for (const Point& point : points) {
        double value = point.value;
        if (d->scale == Scale::Logarithmic && !std::isnan(value))
            value = std::max(value, kLeastLatency);
        samples.append(QCPGraphData(point.seconds, value));
    }
    d->plot->graph(static_cast<int>(series))->data()->set(samples, true);
    rescale();
    scheduleReplot();
}

void TimePlot::setTimeRange(double from, double to)
{
    d->plot->xAxis->setRange(from, to);
    scheduleReplot();
}

void TimePlot::setObjective(double value, const QString& words)
{
    d->objectiveValue = value;
    const bool any = !std::isnan(value);
    d->objective->setVisible(any);
    d->objectiveWords->setVisible(any);
    if (any) {
        d->objective->point1->setCoords(0, value);
        d->objective->point2->setCoords(1, value);
        d->objectiveWords->setText(words);
        d->objectiveWords->position->setTypeX(QCPItemPosition::ptAxisRectRatio);
        d->objectiveWords->position->setTypeY(QCPItemPosition::ptPlotCoords);
        d->objectiveWords->position->setCoords(0, value);
    }
    rescale();
    scheduleReplot();
}

double TimePlot::valueMaximum() const
{
    return d->plot->yAxis->range().upper;
}

void TimePlot::rescale()
{
    double least = std::numeric_limits<double>::max();
    double most = 0;
    for (int i = 0; i < d->plot->graphCount(); ++i) {
        for (const QCPGraphData& point : *d->plot->graph(i)->data()) {
            if (std::isnan(point.value))
                continue;
            least = std::min(least, point.value);
            most = std::max(most, point.value);
        }
    }
    if (!std::isnan(d->objectiveValue))
        most = std::max(most, d->objectiveValue);
    const double upper = roundUp(most);
    double lower = 0;
    if (d->scale == Scale::Logarithmic)
        lower = std::max(kLeastLatency, std::min(least, upper) / 2);
    d->plot->yAxis->setRange(lower, upper);
}

void TimePlot::scheduleReplot()
{
    describe();
    // Asked of the plot: it is opaque and takes our whole region away from us.
    if (isVisible() && !d->plot->visibleRegion().isEmpty())
        d->plot->replot(QCustomPlot::rpQueuedReplot);
}

void TimePlot::describe()
{
    QStringList words;
    for (int i = 0; i < d->plot->graphCount(); ++i) {
        const auto samples = d->plot->graph(i)->data();
        if (!samples->isEmpty() && !std::isnan((samples->constEnd() - 1)->value))
            words << d->series[static_cast<std::size_t>(i)].name + QLatin1Char(' ')
                    + locale().toString((samples->constEnd() - 1)->value, 'g', 3);
    }
    setAccessibleDescription(words.join(QLatin1String(", ")));
}

void TimePlot::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    d->plot->replot(QCustomPlot::rpQueuedReplot);
}

} // namespace meshyard::widgets
