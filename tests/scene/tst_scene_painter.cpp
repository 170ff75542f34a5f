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

#include <cmath>
#include <random>

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

double luminance(const QColor& colour)
{
    const auto linear = [](double value) {
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF())
        + 0.0722 * linear(colour.blueF());
}

double contrast(const QColor& a, const QColor& b)
{
    const double high = std::max(luminance(a), luminance(b));
    const double low = std::min(luminance(a), luminance(b));
    return (high + 0.05) / (low + 0.05);
}

double distanceTo(const QPolygonF& points, QPointF point)
{
    double nearest = 1e9;
    for (qsizetype i = 0; i + 1 < points.size(); ++i)
        nearest = std::min(nearest, distanceToSegment(point, points[i], points[i + 1]));
    return nearest;
}

/// The demo mesh with two versions of ratings, called by two versions of reviews, all breakers on
/// the way open.
tests::BookinfoScene crowdedMesh()
{
    tests::BookinfoScene demo;
    SceneModel& model = demo.edit();
    const QString prefix = QStringLiteral("production/");
    std::erase_if(model.edges, [&prefix](const SceneEdge& edge) {
        return edge.target == prefix + QStringLiteral("ratings");
    });
    model.frames.push_back({prefix + QStringLiteral("ratings"), QStringLiteral("production"),
        QStringLiteral("ratings"), QStringLiteral("2 versions"), QString()});
    const auto ratings
        = std::ranges::find(model.nodes, prefix + QStringLiteral("ratings"), &SceneNode::id);
    ratings->frame = model.frames.back().id;
    SceneNode second = *ratings;
    second.id += QStringLiteral("-v2");
    model.nodes.push_back(second);
    for (const QString& version : {QStringLiteral("v2"), QStringLiteral("v3")}) {
        SceneSplit split;
        split.source = prefix + QStringLiteral("reviews-") + version;
        split.id = split.source + QStringLiteral(">ratings");
        split.frame = model.frames.back().id;
        split.weights = {52, 48};
        split.label = QStringLiteral("15.5 rps");
        model.splits.push_back(split);
        for (const char* target : {"ratings", "ratings-v2"}) {
            SceneEdge edge;
            edge.source = split.source;
            edge.target = prefix + QLatin1String(target);
            edge.id = edge.source + u'>' + edge.target;
            edge.split = split.id;
            edge.rate = 8;
            edge.label = QStringLiteral("8.1 rps · p99 7.67 ms");
            edge.health = Health::Bad;
            edge.badge.kind = BadgeKind::Open;
            edge.badge.words = QStringLiteral("2/2 open");
            model.edges.push_back(edge);
        }
    }
    return demo;
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

    void speaksItsColoursLegibly()
    {
        for (const Tokens* t : {&lightTokens(), &darkTokens()}) {
            for (const QColor& surface : {t->canvas, t->panel, t->rail}) {
                for (const QColor& words : {t->text, t->sub, t->okText, t->warnText, t->badText,
                         t->op, t->time, t->accent})
                    QVERIFY2(contrast(words, surface) >= 4.5,
                        qPrintable(words.name() + QLatin1Char(' ') + surface.name()
                            + QLatin1Char(' ') + QString::number(contrast(words, surface))));
                if (surface == t->rail)
                    continue; // nothing of the graph is drawn there
                for (const QColor& marks :
                    {t->faint, t->flow, t->idle, t->ok, t->warn, t->bad, t->op, t->accent})
                    QVERIFY2(contrast(marks, surface) >= (marks == t->flow ? 2.8 : 3.0),
                        qPrintable(marks.name() + QLatin1Char(' ') + surface.name()
                            + QLatin1Char(' ') + QString::number(contrast(marks, surface))));
            }
        }
    }

    void placesPillsOverNothing()
    {
        const auto scene = tests::BookinfoScene().placed();
        QList<QRectF> pills;
        for (const EdgeShape& edge : scene->edges)
            pills << edge.labelRect << edge.wordsRect << edge.badgeRect;
        for (const SplitShape& split : scene->splits)
            pills << split.labelRect << split.weightsRect << split.diamondRect;
        pills.removeIf([](const QRectF& rect) { return rect.isNull(); });
        QVERIFY(pills.size() > 20);
        for (qsizetype i = 0; i < pills.size(); ++i) {
            for (const QRectF& node : scene->nodes)
                QVERIFY(!pills[i].intersects(node));
            for (qsizetype j = i + 1; j < pills.size(); ++j)
                QVERIFY(!pills[i].intersects(pills[j]));
        }
        for (std::size_t i = 0; i < scene->edges.size(); ++i) {
            if (!scene->model->edges[i].label.isEmpty())
                QVERIFY2(
                    !scene->edges[i].labelRect.isNull(), qPrintable(scene->model->edges[i].id));
        }
    }

    void keepsTitlesReadable()
    {
        const auto scene = crowdedMesh().placed();
        const auto titles = titleRects(*scene);
        QCOMPARE(titles.size(), std::size_t{4});
        QList<QRectF> marks;
        for (const EdgeShape& edge : scene->edges)
            marks << edge.labelRect << edge.wordsRect << edge.badgeRect;
        for (const SplitShape& split : scene->splits) {
            marks << split.labelRect << split.weightsRect << split.diamondRect;
            QVERIFY(!split.newWeightsRect.isNull());
        }
        marks.removeIf([](const QRectF& rect) { return rect.isNull(); });
        for (const QRectF& mark : marks) {
            for (const QRectF& title : titles)
                QVERIFY(!mark.intersects(title));
        }
        QImage image((scene->extent.size() + QSizeF(48, 48)).toSize(), QImage::Format_RGB32);
        image.fill(lightTokens().canvas);
        QPainter painter(&image);
        painter.translate(QPointF(24, 24) - scene->extent.topLeft());
        SceneState state;
        state.preview.weights.push_back({scene->model->splits[1].id, {20, 80}});
        ScenePainter(lightTokens(), *scene, state).paint(painter, scene->extent);
        painter.end();
        keep(image, QStringLiteral("crowded-light.png"));
    }

    void keepsPillsWhenFiguresChange()
    {
        tests::BookinfoScene demo;
        const auto before = demo.placed();
        for (SceneEdge& edge : demo.edit().edges)
            edge.label.replace(u'3', u'8');
        const auto after = refreshScene(*before, demo.model());
        for (std::size_t i = 0; i < before->edges.size(); ++i)
            QCOMPARE(after->edges[i].labelRect, before->edges[i].labelRect);
        QCOMPARE(after->model->edges[0].label, QStringLiteral("812 rps · p99 88 ms"));
    }

    void findsTheNearestCurve()
    {
        const auto scene = tests::BookinfoScene().placed();
        std::mt19937 random(5);
        std::uniform_real_distribution<double> x(scene->extent.left(), scene->extent.right());
        std::uniform_real_distribution<double> y(scene->extent.top(), scene->extent.bottom());
        for (int i = 0; i < 4000; ++i) {
            const QPointF point(x(random), y(random));
            double nearest = 6;
            for (const EdgeShape& edge : scene->edges)
                nearest = std::min(nearest, distanceTo(edge.points, point));
            for (const SplitShape& split : scene->splits)
                nearest = std::min(nearest, distanceTo(split.points, point));
            const std::int64_t line = scene->grid.nearest(point, 6);
            QCOMPARE(line >= 0, nearest < 6);
            if (line < 0)
                continue;
            const auto index = static_cast<std::size_t>(line);
            const auto& points = index < scene->edges.size()
                ? scene->edges[index].points
                : scene->splits[index - scene->edges.size()].points;
            QVERIFY(std::abs(distanceTo(points, point) - nearest) < 1e-9);
        }
    }

    void hitsEveryPart()
    {
        const auto scene = tests::BookinfoScene().placed();
        for (std::size_t i = 0; i < scene->nodes.size(); ++i)
            QCOMPARE(partAt(*scene, scene->nodes[i].center(), 6),
                (Part{PartKind::Node, scene->model->nodes[i].id}));
        for (std::size_t i = 0; i < scene->edges.size(); ++i) {
            const QString& id = scene->model->edges[i].id;
            const EdgeShape& edge = scene->edges[i];
            QCOMPARE(partAt(*scene, edge.gripRect.center(), 6, {PartKind::Edge, id}),
                (Part{PartKind::EdgeEnd, id}));
            if (!edge.badgeRect.isNull())
                QCOMPARE(partAt(*scene, edge.badge, 6), (Part{PartKind::Badge, id}));
            if (!edge.labelRect.isNull())
                QCOMPARE(partAt(*scene, edge.labelRect.center(), 6), (Part{PartKind::Edge, id}));
        }
        QCOMPARE(partAt(*scene, scene->splits[0].diamond, 6).kind, PartKind::Diamond);
        QCOMPARE(partAt(*scene, {-500, -500}, 6), Part());
    }

    void exportsPictures()
    {
        const auto scene = tests::BookinfoScene().placed();
        const SceneExport picture(lightTokens(), *scene,
            {QStringLiteral("demo mesh"), QStringLiteral("2026-11-23 14:05:14 · last 10 s"),
                {QStringLiteral("healthy"), QStringLiteral("degraded"), QStringLiteral("failing"),
                    QStringLiteral("no traffic"), QStringLiteral("breaker open"),
                    QStringLiteral("tripped by an operator")}});
        const QImage image = picture.image(2);
        QCOMPARE(image.size(), (picture.size() * 2).toSize());
        keep(image, QStringLiteral("export.png"));

        QBuffer svg;
        svg.open(QIODevice::WriteOnly);
        QVERIFY(picture.writeSvg(svg));
        QSvgRenderer renderer(svg.data());
        QVERIFY(renderer.isValid());
        QVERIFY(svg.data().contains("productpage"));

        QBuffer pdf;
        pdf.open(QIODevice::WriteOnly);
        QVERIFY(picture.writePdf(pdf));
        QVERIFY(pdf.data().startsWith("%PDF-"));
        QBuffer png;
        png.open(QIODevice::WriteOnly);
        QVERIFY(picture.writePng(png, 1));
        QVERIFY(QImage::fromData(png.data()).width() > 1000);
    }

    void drawsAMeshThatStarts()
    {
        tests::BookinfoScene demo;
        demo.edit().edges.clear();
        demo.edit().splits.clear();
        for (SceneNode& node : demo.edit().nodes) {
            node.starting = true;
            node.subtitle = QStringLiteral("starting");
        }
        const auto scene = demo.placed();
        QImage image((scene->extent.size() + QSizeF(48, 48)).toSize(), QImage::Format_RGB32);
        image.fill(lightTokens().canvas);
        QPainter painter(&image);
        painter.translate(QPointF(24, 24) - scene->extent.topLeft());
        const SceneState state;
        ScenePainter(lightTokens(), *scene, state).paint(painter, scene->extent);
        painter.end();
        keep(image, QStringLiteral("starting-light.png"));
        QCOMPARE(scene->frames.size(), 1U);
    }
};

QTEST_MAIN(ScenePainterTest)
#include "tst_scene_painter.moc"
