// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/scene/tokens.h"

#include <QTest>

#include <cmath>

using meshyard::scene::Tokens;

/// WCAG 2 contrast of every token on the surfaces where it is used.
class ContrastTest final : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyTokenReads_data();
    void everyTokenReads();
};

namespace {

double luminance(const QColor& color)
{
    const auto linear
        = [](double c) { return c <= 0.04045 ? c / 12.92 : std::pow((c + 0.055) / 1.055, 2.4); };
    return 0.2126 * linear(color.redF()) + 0.7152 * linear(color.greenF())
        + 0.0722 * linear(color.blueF());
}

double contrast(const QColor& a, const QColor& b)
{
    const double high = std::max(luminance(a), luminance(b));
    const double low = std::min(luminance(a), luminance(b));
    return (high + 0.05) / (low + 0.05);
}

} // namespace

void ContrastTest::everyTokenReads_data()
{
    QTest::addColumn<QColor>("ink");
    QTest::addColumn<QColor>("surface");
    QTest::addColumn<double>("least");
    for (const Tokens& t : {meshyard::scene::lightTokens(), meshyard::scene::darkTokens()}) {
        const char* theme = t.dark ? "dark" : "light";
        const std::pair<const char*, QColor> words[]
            = {{"text", t.text}, {"sub", t.sub}, {"accent", t.accent}, {"ok", t.okText},
                {"warn", t.warnText}, {"bad", t.badText}, {"op", t.op}, {"time", t.time}};
        const std::pair<const char*, QColor> marks[] = {{"faint", t.faint}, {"ok mark", t.ok},
            {"warn mark", t.warn}, {"bad mark", t.bad}, {"idle", t.idle}};
        const std::pair<const char*, QColor> surfaces[]
            = {{"canvas", t.canvas}, {"panel", t.panel}};
        for (const auto& [surfaceName, surface] : surfaces) {
            for (const auto& [name, ink] : words)
                QTest::addRow("%s %s on %s", theme, name, surfaceName) << ink << surface << 4.5;
            for (const auto& [name, ink] : marks)
                QTest::addRow("%s %s on %s", theme, name, surfaceName) << ink << surface << 3.0;
        }
        QTest::addRow("%s words on accent", theme) << t.onAccent << t.accent << 4.5;
        QTest::addRow("%s words on op", theme) << t.onAccent << t.op << 4.5;
    }
}

void ContrastTest::everyTokenReads()
{
    QFETCH(QColor, ink);
    QFETCH(QColor, surface);
    QFETCH(double, least);
    const double found = contrast(ink, surface);
    QVERIFY2(found >= least, qPrintable(QStringLiteral("%1:1").arg(found)));
}

QTEST_APPLESS_MAIN(ContrastTest)
#include "tst_contrast.moc"
