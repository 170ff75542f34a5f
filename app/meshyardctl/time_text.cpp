// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/time_text.h"

#include "app/meshyardctl/duration.h"

#include <fmt/format.h>

#include <QDateTime>

namespace meshyard::ctl {

Result<std::int64_t> parseTimeMs(const std::string& text, std::int64_t nowMs)
{
    if (text == "now")
        return nowMs;
    if (const auto ago = parseDurationMs(text))
        return nowMs - *ago;
    QString iso = QString::fromStdString(text).replace(QLatin1Char(' '), QLatin1Char('T'));
    if (iso.startsWith(QLatin1Char('@'))) {
        bool valid = false;
        const qint64 seconds = iso.mid(1).toLongLong(&valid);
        if (valid && seconds > 0 && seconds < 100'000'000'000)
            return seconds * 1000;
    }
    const QTime clock = QTime::fromString(iso, Qt::ISODate);
    if (clock.isValid()) {
        QDateTime today = QDateTime::fromMSecsSinceEpoch(nowMs);
        today.setTime(clock);
        return today.toMSecsSinceEpoch();
    }
    const QDateTime moment = QDateTime::fromString(iso, Qt::ISODate);
    if (moment.isValid() && iso.contains(QLatin1Char('T')))
        return moment.toMSecsSinceEpoch();
    return failure(ErrorCode::InvalidArgument,
        fmt::format("\"{}\" is no time; write e.g. 10m, 14:03 or 2026-11-23 14:03:20", text));
}

} // namespace meshyard::ctl
