// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "ui/session/ui_context.h"

#include <QObject>

namespace meshyard::widgets {
class TopologyView;
}

namespace meshyard::ui {

/// Saves what is on screen; the suffix of the file says as what.
///
/// Thread: GUI; a file is at most some megabytes.
class Exporter final : public QObject
{
    Q_OBJECT

public:
    Exporter(const UiContext& context, widgets::TopologyView& view, QWidget* window);

    /// .png .svg .pdf .json .dot .graphml .csv
    /// @return InvalidArgument for another suffix, FailedPrecondition while nothing is drawn.
    Result<void> exportTo(const QString& path) const;
    void ask();

Q_SIGNALS:
    void said(const QString& sentence);

private:
    Result<void> exportPicture(const QString& path, const QString& suffix) const;
    Result<void> write(const QString& path, const QByteArray& bytes) const;

    UiContext m_context;
    widgets::TopologyView& m_view; // outlives us
    QWidget* m_window;
};

} // namespace meshyard::ui
