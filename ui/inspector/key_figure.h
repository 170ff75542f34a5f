// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/ui_context.h"
#include "ui/theme/figures.h"

#include <QWidget>

namespace meshyard::ui {

/// One figure that matters: caption, bold value, small unit; digits in cells of one width.
class KeyFigure final : public QWidget
{
    Q_OBJECT

public:
    enum class Tone { Plain, Warn, Bad };

    explicit KeyFigure(const UiContext& context, QWidget* parent = nullptr);

    /// @param explanation definition, window, sample size, source.
    void set(const QString& caption, const Figure& figure, Tone tone, const QString& explanation);

    QSize sizeHint() const override { return {72, 42}; }
    QSize minimumSizeHint() const override { return {56, 42}; }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    UiContext m_context;
    QString m_caption;
    Figure m_figure;
    Tone m_tone = Tone::Plain;
};

/// Draws text whose digits all take the same room. @return the width used.
int drawFigure(QPainter& painter, const QPoint& baseline, const QString& text);

} // namespace meshyard::ui
