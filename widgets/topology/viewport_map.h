// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QPointF>
#include <QRectF>
#include <QSizeF>

#include <algorithm>

namespace meshyard::widgets {

/// Which part of the scene the viewport shows.
struct ViewportMap
{
    static constexpr double kSmallest = 0.05;
    static constexpr double kLargest = 4;

    double zoom = 1;
    QPointF origin; // scene point at the viewport's top left

    QPointF toScene(QPointF view) const { return origin + view / zoom; }
    QPointF toView(QPointF scene) const { return (scene - origin) * zoom; }
    QRectF toView(const QRectF& scene) const
    {
        return {toView(scene.topLeft()), scene.size() * zoom};
    }
    QRectF visible(QSizeF viewport) const { return {origin, viewport / zoom}; }

    /// Changes the zoom so that the scene point under `anchor` (viewport) stays there.
    void zoomAt(QPointF anchor, double wanted)
    {
        const QPointF fixed = toScene(anchor);
        zoom = std::clamp(wanted, kSmallest, kLargest);
        origin = fixed - anchor / zoom;
    }

    void fit(const QRectF& content, QSizeF viewport, double margin)
    {
        if (content.isEmpty() || viewport.isEmpty())
            return;
        const double across = (viewport.width() - 2 * margin) / content.width();
        const double down = (viewport.height() - 2 * margin) / content.height();
        zoom = std::clamp(std::min({across, down, 1.25}), kSmallest, kLargest);
        origin = content.center() - QPointF(viewport.width(), viewport.height()) / (2 * zoom);
    }
};

} // namespace meshyard::widgets
