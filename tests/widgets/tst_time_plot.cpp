// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/plots/time_plot.h"

#include <QTest>
#include <QVBoxLayout>

using meshyard::widgets::TimePlot;

class TimePlotTest final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void drawsNewPointsWhileItIsShown();
};

void TimePlotTest::drawsNewPointsWhileItIsShown()
{
    QWidget window;
    QVBoxLayout layout(&window);
    TimePlot plot(TimePlot::Scale::Linear);
    layout.addWidget(&plot);
    window.resize(320, 160);
    plot.setSeries({{QStringLiteral("all"), QColor(Qt::black), true, Qt::SolidLine}});
    plot.setTimeRange(0, 10);
    plot.setPoints(0, {{0, 1}, {10, 1}});
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    QTest::qWait(50); // the first picture is there
    const QImage before = window.grab().toImage();
    plot.setPoints(0, {{0, 1}, {5, 0}, {10, 1}});
    QTRY_VERIFY(window.grab().toImage() != before);
}

QTEST_MAIN(TimePlotTest)
#include "tst_time_plot.moc"
