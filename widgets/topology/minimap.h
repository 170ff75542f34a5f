// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"
#include "widgets/scene/tokens.h"

#include <QWidget>

namespace meshyard::widgets {

/// The whole mesh, small, with the part the canvas shows; a click or drag goes there.
class Minimap final : public QWidget
{
    Q_OBJECT

public:
    explicit Minimap(QWidget* parent = nullptr);

    void setTokens(const scene::Tokens& tokens);
    void show(const scene::PlacedScenePtr& scene, const QRectF& visible);

Q_SIGNALS:
    void centreWanted(const QPointF& scenePoint);

protected:
    void paintEvent(QPaintEvent* event) override;
    void mousePressEvent(QMouseEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;

private:
    double scale() const;
    QPointF offset() const;
    void go(QPointF point);

    const scene::Tokens* m_tokens = &scene::lightTokens();
    scene::PlacedScenePtr m_scene;
    QRectF m_visible;
};

} // namespace meshyard::widgets
