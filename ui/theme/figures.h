// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

#include <cstdint>
#include <optional>

namespace meshyard::ui {

/// A figure as people read it: value and unit apart, so that the unit can stand small beside it.
struct Figure
{
    QString value;
    QString unit;

    QString text() const;
    bool operator==(const Figure&) const = default;
};

/// Three significant digits in the user's locale: 0.123, 1.23, 12.3, 123, 1,230.
QString threeDigits(double value);

/// @param perSecond requests a second.
Figure rateFigure(double perSecond);
/// @param micros nullopt = nothing measured ("–").
Figure latencyFigure(std::optional<double> micros);
/// @param share 0..1; nullopt = no calls ("–"). Never rounds a failure away to 100.
Figure percentFigure(std::optional<double> share);
Figure bytesFigure(double bytes);
Figure bytesPerSecondFigure(double bytes);
QString countText(std::uint64_t count);

/// 8:12, 1:02:03; for countdowns.
QString countdownText(std::int64_t seconds);
/// "12 s", "3 min 5 s", "2 h 4 min"; for ages.
QString ageText(std::int64_t milliseconds);
/// 14:05:12 in local time.
QString clockText(std::int64_t unixMs);

} // namespace meshyard::ui
