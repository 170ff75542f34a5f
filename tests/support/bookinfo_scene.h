// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"
#include "widgets/scene/scene_model.h"

namespace meshyard::tests {

/// The demo mesh in trouble, as in the look's drawings: a picture for tests, its figures are made
/// up.
class BookinfoScene final
{
public:
    BookinfoScene()
    {
        addProduction();
        addStaging();
    }

    scene::SceneModelPtr model() const { return std::make_shared<const scene::SceneModel>(m); }

    scene::SceneModel& edit() { return m; }

    scene::PlacedScenePtr placed() const
    {
        const auto shared = model();
        return scene::placeScene(
            shared, layout::LayoutEngine::layout(scene::layoutInput(*shared, nullptr)));
    }

    scene::SceneEdge& edge(const QString& id)
    {
        for (scene::SceneEdge& edge : m.edges) {
            if (edge.id == id)
                return edge;
        }
        qFatal("no such edge");
    }

private:
    using Health = scene::Health;
    using Badge = scene::BadgeKind;
    using Shape = scene::NodeShape;

    static QString text(const char* utf8) { return QString::fromUtf8(utf8); }

    void node(const char* environment, const char* id, const char* title, const char* subtitle,
        Health health, Shape shape = Shape::Service, const char* frame = "")
    {
        scene::SceneNode node;
        node.environment = text(environment);
        node.id = node.environment + u'/' + text(id);
        node.title = text(title);
        node.subtitle = text(subtitle);
        node.health = health;
        node.shape = shape;
        if (*frame != '\0')
            node.frame = node.environment + u'/' + text(frame);
        node.accessibleName = node.title + text(", ") + node.subtitle;
        m.nodes.push_back(node);
    }

    scene::SceneEdge& edge(const char* environment, const char* source, const char* target,
        double rate, const char* label, Health health, Badge badge)
    {
        scene::SceneEdge edge;
        const QString prefix = text(environment) + u'/';
        edge.source = prefix + text(source);
        edge.target = prefix + text(target);
        edge.id = edge.source + u'>' + edge.target;
        edge.rate = rate;
        edge.label = text(label);
        edge.health = health;
        edge.badge.kind = badge;
        edge.badge.accessibleName = text("Breaker of ") + edge.id;
        edge.tls = scene::TlsMark::Locked;
        edge.accessibleName = text("Calls from %1 to %2").arg(edge.source, edge.target);
        m.edges.push_back(edge);
        return m.edges.back();
    }

    void addProduction()
    {
        const char* env = "production";
        m.environments.push_back({text(env), text(env),
            text("eu-west/a, eu-west/b · 312 rps · 85.3 % ok"), true, text("production")});
        m.frames.push_back({text("production/reviews"), text(env), text("reviews"),
            text("3 versions"), text("reviews, 3 versions")});
        node(env, "ingress", "ingress", "gateway · 312 rps", Health::Ok, Shape::Gateway);
        node(env, "productpage", "productpage", "v1 · 3 of 3 · 38 ms", Health::Ok);
        node(env, "reviews-v1", "v1", "2 of 2 · 93 rps · 12 ms", Health::Ok, Shape::Service,
            "reviews");
        node(env, "reviews-v2", "v2", "3 of 3 · 187 rps · 431 ms", Health::Warn, Shape::Service,
            "reviews");
        node(env, "reviews-v3", "v3", "1 of 2 · 31 rps · 260 ms", Health::Bad, Shape::Service,
            "reviews");
        node(env, "details", "details", "v1 · 2 of 2 · 310 rps", Health::Ok);
        node(env, "ratings", "ratings", "v1 · 2 of 2 · 156 rps", Health::Bad);
        node(env, "geo-api", "geo-api", "external · envoy", Health::Ok, Shape::External);
        edge(env, "ingress", "productpage", 312, "312 rps · p99 38 ms", Health::Ok, Badge::Closed);
        addSplit(env);
        edge(env, "productpage", "details", 310, "310 rps · p99 6 ms", Health::Ok, Badge::Closed);
        auto& open = edge(env, "reviews-v2", "ratings", 156, "156 rps · 71 % ok · p99 412 ms",
            Health::Bad, Badge::Open);
        open.badge.words = text("2/3 open");
        open.badge.partial = true;
        open.failureRatio = 0.29;
        auto& tripped = edge(env, "reviews-v3", "ratings", 5, "", Health::Ok, Badge::Tripped);
        tripped.badge.words = text("tripped · 8:12 left");
        edge(env, "details", "geo-api", 44, "44 rps · p99 80 ms", Health::Ok, Badge::Inferred);
    }

    void addSplit(const char* env)
    {
        scene::SceneSplit split;
        split.id = text("production/productpage>reviews");
        split.source = text("production/productpage");
        split.frame = text("production/reviews");
        split.weights = {30, 60, 10};
        split.label = text("311 rps");
        split.accessibleName = text("productpage to reviews: 30, 60, 10 percent");
        m.splits.push_back(split);
        edge(env, "productpage", "reviews-v1", 93, "", Health::Ok, Badge::Closed).split = split.id;
        edge(env, "productpage", "reviews-v2", 187, "", Health::Ok, Badge::Closed).split = split.id;
        auto& trial = edge(env, "productpage", "reviews-v3", 31, "", Health::Warn, Badge::HalfOpen);
        trial.split = split.id;
        trial.badge.words = text("trial 3/5");
    }

    void addStaging()
    {
        const char* env = "staging";
        m.environments.push_back(
            {text(env), text(env), text("eu-west/a · 18 rps · 100 % ok"), false, text("staging")});
        node(env, "ingress", "ingress", "gateway · 18 rps", Health::Ok, Shape::Gateway);
        node(env, "productpage", "productpage", "v2-rc1 · 1 of 1", Health::Ok);
        node(env, "reviews-v3", "reviews", "v3 · 1 of 1 · 9 rps", Health::Ok);
        node(env, "ratings", "ratings", "v2 · 1 of 1", Health::Ok);
        node(env, "details", "details", "v1 · no traffic", Health::Idle);
        edge(env, "ingress", "productpage", 18, "18 rps · p99 31 ms", Health::Ok, Badge::Closed);
        edge(env, "productpage", "reviews-v3", 9, "9 rps · p99 19 ms", Health::Ok, Badge::Closed);
        edge(env, "reviews-v3", "ratings", 9, "9 rps · p99 8 ms", Health::Ok, Badge::Closed);
        edge(env, "productpage", "details", 0, "", Health::Idle, Badge::None);
    }

    scene::SceneModel m;
};

} // namespace meshyard::tests
