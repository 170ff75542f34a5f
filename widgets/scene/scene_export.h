// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"
#include "widgets/scene/tokens.h"

#include <QImage>
#include <QStringList>

class QIODevice;
class QPainter;

namespace meshyard::scene {

/// What stands around an exported picture; every word comes from the caller.
struct ExportText
{
    QString title; // "demo mesh"
    QString timeLine; // "2026-11-23 14:05:14 UTC · last 10 s"
    QStringList legend; // one sentence each, beside its sign, in the order of LegendSign
};

/// The signs of the legend, in order.
enum class LegendSign : std::uint8_t {
    Healthy,
    Degraded,
    Failing,
    NoTraffic,
    BreakerOpen,
    Tripped
};

/// The whole picture at its full extent with title, time and legend.
class SceneExport final
{
public:
    SceneExport(const Tokens& tokens, const PlacedScene& scene, ExportText text);

    QSizeF size() const; // at scale 1

    QImage image(double scale) const;

    /// @return false when the device refused to be written.
    bool writePng(QIODevice& device, double scale) const;
    bool writeSvg(QIODevice& device) const;
    bool writePdf(QIODevice& device) const;

private:
    void paint(QPainter& painter) const;
    void paintLegend(QPainter& painter, QPointF at) const;
    void paintSign(QPainter& painter, LegendSign sign, QPointF at) const;

    const Tokens& m_tokens;
    const PlacedScene& m_scene;
    ExportText m_text;
};

} // namespace meshyard::scene
