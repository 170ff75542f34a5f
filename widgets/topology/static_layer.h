// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"
#include "widgets/scene/scene_state.h"
#include "widgets/scene/tokens.h"
#include "widgets/topology/viewport_map.h"

#include <QImage>
#include <QObject>

#include <memory>

class QPainter;

namespace meshyard::widgets {

/// The picture without pointer, selection and traffic, kept as an image with a margin around the
/// viewport: panning copies it, small scenes are redrawn at once, big ones on a worker while the
/// last image stands in, scaled.
class StaticLayer final : public QObject
{
    Q_OBJECT

public:
    struct Frame
    {
        scene::PlacedScenePtr scene;
        scene::SceneState state; // only what the layer shows
        const scene::Tokens* tokens = nullptr;
        ViewportMap map;
        QSizeF viewport;
        double ratio = 1; // device pixels a unit
    };

    explicit StaticLayer(QObject* parent = nullptr);
    ~StaticLayer() override;

    void invalidate() { m_valid = false; }
    void draw(QPainter& painter, const Frame& frame);

Q_SIGNALS:
    void renewed(); // a worker's image is there: draw again

private:
    struct Picture
    {
        QImage image;
        ViewportMap map; // origin: of the image's top left
    };

    static Picture render(const Frame& frame);
    bool covers(const Frame& frame) const;
    void renderOnWorker(const Frame& frame);

    Picture m_picture;
    bool m_valid = false;
    bool m_working = false;
    std::uint64_t m_generation = 0;
};

} // namespace meshyard::widgets
