// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/topology/static_layer.h"

#include "widgets/scene/scene_painter.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPointer>
#include <QThreadPool>

#include <cmath>

namespace meshyard::widgets {
namespace {

constexpr std::size_t kDirectEdges = 300;
constexpr double kMargin = 160; // viewport units around the viewport

} // namespace

StaticLayer::StaticLayer(QObject* parent)
    : QObject(parent)
{
}

StaticLayer::~StaticLayer() = default;

StaticLayer::Picture StaticLayer::render(const Frame& frame)
{
    Picture picture;
    picture.map = frame.map;
    picture.map.origin -= QPointF(kMargin, kMargin) / frame.map.zoom;
    const QSizeF size = frame.viewport + QSizeF(2 * kMargin, 2 * kMargin);
    picture.image = QImage((size * frame.ratio).toSize(), QImage::Format_RGB32);
    picture.image.setDevicePixelRatio(frame.ratio);
    picture.image.fill(frame.tokens->canvas);
    QPainter painter(&picture.image);
    painter.scale(frame.map.zoom, frame.map.zoom);
    painter.translate(-picture.map.origin);
    scene::ScenePainter(*frame.tokens, *frame.scene, frame.state)
        .paint(painter, picture.map.visible(size));
    return picture;
}

bool StaticLayer::covers(const Frame& frame) const
{
    if (!m_valid || m_picture.image.isNull() || m_picture.map.zoom != frame.map.zoom
        || m_picture.image.devicePixelRatio() != frame.ratio)
        return false;
    const QRectF have(
        m_picture.map.origin, m_picture.image.deviceIndependentSize() / m_picture.map.zoom);
    return have.contains(frame.map.visible(frame.viewport));
}

void StaticLayer::draw(QPainter& painter, const Frame& frame)
{
    if (!covers(frame)) {
        if (frame.scene->edges.size() <= kDirectEdges) {
            ++m_generation;
            m_picture = render(frame);
            m_valid = true;
        } else {
            renderOnWorker(frame);
        }
    }
    painter.fillRect(QRectF(QPointF(0, 0), frame.viewport), frame.tokens->canvas);
    if (m_picture.image.isNull())
        return;
    const QPointF at = frame.map.toView(m_picture.map.origin);
    if (m_picture.map.zoom == frame.map.zoom) {
        const QPointF whole(std::round(at.x() * frame.ratio) / frame.ratio,
            std::round(at.y() * frame.ratio) / frame.ratio);
        painter.drawImage(whole, m_picture.image);
        return;
    }
    const double factor = frame.map.zoom / m_picture.map.zoom;
    painter.drawImage(
        QRectF(at, m_picture.image.deviceIndependentSize() * factor), m_picture.image);
}

void StaticLayer::renderOnWorker(const Frame& frame)
{
    if (m_working)
        return; // its end draws again and sees that more is wanted
    m_working = true;
    m_valid = true; // a later invalidate() tells that the image on its way is old already
    const std::uint64_t generation = ++m_generation;
    QThreadPool::globalInstance()->start([layer = QPointer<StaticLayer>(this), frame, generation] {
        auto picture = std::make_shared<Picture>(render(frame));
        QMetaObject::invokeMethod(
            QCoreApplication::instance(),
            [layer, picture, generation] {
                if (layer.isNull())
                    return;
                layer->m_working = false;
                if (layer->m_generation == generation)
                    layer->m_picture = std::move(*picture);
                Q_EMIT layer->renewed();
            },
            Qt::QueuedConnection);
    });
}

} // namespace meshyard::widgets
