// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/figures.h"

#include <QCoreApplication>
#include <QDateTime>
#include <QLocale>

#include <algorithm>
#include <cmath>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

struct Figures
{
    Q_DECLARE_TR_FUNCTIONS(meshyard::ui::Figures)
};

const QString kNothing = u"–"_s;
constexpr std::int64_t kSecond = 1000;
constexpr std::int64_t kMinute = 60 * kSecond;
constexpr std::int64_t kHour = 60 * kMinute;

} // namespace

QString Figure::text() const
{
    return unit.isEmpty() ? value : value + u' ' + unit;
}

QString threeDigits(double value)
{
    const double size = std::abs(value);
    if (size < 1e-9)
        return u"0"_s;
    int decimals = 0;
    if (size < 9.995)
        decimals = size < 0.9995 ? 3 : 2;
    else if (size < 99.95)
        decimals = 1;
    const double step = std::pow(10.0, std::max(0.0, std::floor(std::log10(size)) - 2));
    const double rounded = decimals > 0 ? value : std::round(value / step) * step;
    QString text = QLocale().toString(rounded, 'f', decimals);
    if (decimals > 0) {
        const QString point = QLocale().decimalPoint();
        while (text.endsWith(u'0'))
            text.chop(1);
        if (text.endsWith(point))
            text.chop(point.size());
    }
    return text;
}

Figure rateFigure(double perSecond)
{
    //: requests per second, the unit beside a figure
    return {threeDigits(perSecond < 9.95 ? std::round(perSecond * 10) / 10 : perSecond),
        Figures::tr("rps")};
}

Figure latencyFigure(std::optional<double> micros)
{
    if (!micros)
        return {kNothing, {}};
    if (*micros < 1000)
        return {threeDigits(std::round(*micros)), Figures::tr("µs")};
    if (*micros < 1e6)
        return {threeDigits(*micros / 1e3), Figures::tr("ms")};
    return {threeDigits(*micros / 1e6), Figures::tr("s")};
}

Figure percentFigure(std::optional<double> share)
{
    if (!share)
        return {kNothing, {}};
    const double percent = *share * 100;
    if (percent < 100 && percent > 99.9)
        return {
            QLocale().toString(std::min(std::floor(percent * 100) / 100, 99.99), 'f', 2), u"%"_s};
    return {threeDigits(percent), u"%"_s};
}

Figure bytesFigure(double bytes)
{
    if (bytes < 1024)
        return {threeDigits(std::round(bytes)), Figures::tr("B")};
    if (bytes < 1024.0 * 1024)
        return {threeDigits(bytes / 1024), Figures::tr("KiB")};
    if (bytes < 1024.0 * 1024 * 1024)
        return {threeDigits(bytes / 1024 / 1024), Figures::tr("MiB")};
    return {threeDigits(bytes / 1024 / 1024 / 1024), Figures::tr("GiB")};
}

Figure bytesPerSecondFigure(double bytes)
{
    Figure figure = bytesFigure(bytes);
    //: bytes per second; %1 is B, KiB, MiB or GiB
    figure.unit = Figures::tr("%1/s").arg(figure.unit);
    return figure;
}

QString countText(std::uint64_t count)
{
    return QLocale().toString(static_cast<qulonglong>(count));
}

QString countdownText(std::int64_t seconds)
{
    const std::int64_t left = std::max<std::int64_t>(seconds, 0);
    const auto two = [](std::int64_t n) { return u"%1"_s.arg(n, 2, 10, QChar(u'0')); };
    if (left >= 3600)
        return u"%1:%2:%3"_s.arg(left / 3600).arg(two(left / 60 % 60), two(left % 60));
    return u"%1:%2"_s.arg(left / 60).arg(two(left % 60));
}

QString ageText(std::int64_t milliseconds)
{
    if (milliseconds < kMinute)
        //: a duration in seconds
        return Figures::tr("%1 s").arg(milliseconds / kSecond);
    if (milliseconds < kHour)
        return Figures::tr("%1 min %2 s")
            .arg(milliseconds / kMinute)
            .arg(milliseconds / kSecond % 60);
    return Figures::tr("%1 h %2 min").arg(milliseconds / kHour).arg(milliseconds / kMinute % 60);
}

QString clockText(std::int64_t unixMs)
{
    return QDateTime::fromMSecsSinceEpoch(unixMs).time().toString(u"HH:mm:ss"_s);
}

} // namespace meshyard::ui
