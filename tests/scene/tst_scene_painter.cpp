// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/bookinfo_scene.h"
#include "widgets/scene/fonts.h"
#include "widgets/scene/glyphs.h"
#include "widgets/scene/hit_test.h"
#include "widgets/scene/label_placer.h"
#include "widgets/scene/scene_export.h"
#include "widgets/scene/scene_painter.h"

#include <QBuffer>
#include <QDir>
#include <QPainter>
#include <QSvgRenderer>
#include <QTest>

using namespace meshyard;
using namespace meshyard::scene;

namespace {

/// Pictures go to the folder named by MESHYARD_PICTURES, for eyes.
void keep(const QImage& image, const QString& name)
{
    const QString folder = qEnvironmentVariable("MESHYARD_PICTURES");
    if (!folder.isEmpty())
        image.save(QDir(folder).filePath(name));
}

QImage glyphSheet(const Tokens& tokens)
{
    static const char* words[] = {"", "", "", "", "trial 3/5", "2/3 open", "100 of 100",
        "8:12 left", "4:00 left", "60 %", "", "", "", "12 s old"};
    QImage image(760, 250, QImage::Format_RGB32);
    image.fill(tokens.canvas);
    QPainter painter(&image);
    painter.setRenderHint(QPainter::Antialiasing);
    for (int i = 0; i < 14; ++i) {
        SceneBadge badge;
        const int kind = i == 0 ? 1 : i;
        badge.kind = static_cast<BadgeKind>(kind);
        badge.mark = QStringLiteral("n<20");
        const QPointF at(58 + i % 7 * 107, i < 7 ? 44 : 162);
        drawBreakerGlyph(painter, tokens, badge, at, i == 1);
        painter.setFont(textFont(11, QFont::DemiBold));
        painter.setPen(badgeWordColour(tokens, badge.kind));
        painter.drawText(QRectF(at.x() - 50, at.y() + 18, 100, 18), Qt::AlignCenter,
            QString::fromUtf8(words[i]));
    }
    return image;
}

} // namespace

class ScenePainterTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void drawsTheDemoMeshInBothThemes()
    {
        const auto scene = tests::BookinfoScene().placed();
        for (const Tokens* tokens : {&lightTokens(), &darkTokens()}) {
            QImage image((scene->extent.size() + QSizeF(48, 48)).toSize(), QImage::Format_RGB32);
            image.fill(tokens->canvas);
            QPainter painter(&image);
            painter.translate(QPointF(24, 24) - scene->extent.topLeft());
            SceneState state;
            state.selected
                = {PartKind::Edge, QStringLiteral("production/reviews-v2>production/ratings")};
            const ScenePainter drawer(*tokens, *scene, state);
            drawer.paint(painter, scene->extent);
            drawer.paintParticles(painter, scene->extent, 0.7);
            painter.end();
            keep(image,
                tokens->dark ? QStringLiteral("main-dark.png") : QStringLiteral("main-light.png"));
            keep(glyphSheet(*tokens),
                tokens->dark ? QStringLiteral("glyphs-dark.png")
                             : QStringLiteral("glyphs-light.png"));
            const QPointF bar = scene->nodes[0].topLeft() + QPointF(1, 26) + QPointF(24, 24)
                - scene->extent.topLeft();
            QCOMPARE(image.pixelColor(bar.toPoint()), tokens->ok);
        }
    }
};

QTEST_MAIN(ScenePainterTest)
#include "tst_scene_painter.moc"
