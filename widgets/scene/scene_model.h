// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// What the canvas shows, as plain values: whoever builds it decides every word, the canvas decides
// every pixel. Ids are stable strings; positions, selection and routes follow them.

#include <QString>

#include <cstdint>
#include <memory>
#include <vector>

namespace meshyard::scene {

enum class NodeShape : std::uint8_t { Service, Gateway, External, Database, Unknown };

/// How a node does or an edge's calls fare: the worse of success and latency.
enum class Health : std::uint8_t { Idle, Ok, Warn, Bad };

/// The silhouettes of a breaker, see the look's glyphs.
enum class BadgeKind : std::uint8_t {
    None,
    Closed, // a tick; the full glyph on hover
    Observe,
    TooFewCalls,
    HalfOpen,
    Open,
    Limited,
    Tripped,
    HeldClosed,
    Draining,
    Panic,
    Inferred,
    Unknown,
    Stale,
};

enum class TlsMark : std::uint8_t {
    None, // nothing drawn
    Locked, // a lock at the source end
    Missing, // expected but absent: an open lock in warn
};

struct SceneEnvironment
{
    QString id;
    QString title; // "production"
    QString subtitle; // "eu-west/a, eu-west/b · 312 rps · 85.3 % ok"
    bool primary
        = false; // tinted with the accent and placed first; the others in order of the list
    QString accessibleName;
};

/// The dashed frame around the versions of one service; drawn when two or more nodes name it.
struct SceneFrame
{
    QString id;
    QString environment;
    QString title; // "reviews"
    QString subtitle; // "3 versions"
    QString accessibleName;
};

struct SceneNode
{
    QString id;
    QString title; // "productpage", or "v2" inside a frame
    QString subtitle; // "2 of 2 · 93 rps · 12 ms"
    NodeShape shape = NodeShape::Service;
    Health health = Health::Idle;
    QString environment; // SceneEnvironment::id; empty = outside every environment
    QString frame; // SceneFrame::id; empty = none
    bool starting = false; // outlined only: not ready yet
    bool stale = false; // greyed: the figures are old
    bool dimmed = false; // does not match the find field
    QString accessibleName; // one sentence
    QString toolTip; // rich text allowed; empty = accessibleName
};

struct SceneBadge
{
    BadgeKind kind = BadgeKind::None;
    QString words; // pill below: "2/3 open", "tripped · 8:12 left"; empty = no pill
    bool partial = false; // open for some callers only: the line goes on past the badge
    QString mark; // inside the ring of TooFewCalls: "n<20"
    QString accessibleName;
    QString toolTip;
};

struct SceneEdge
{
    QString id;
    QString source; // SceneNode::id
    QString target; // SceneNode::id
    double rate = 0; // calls per second: width, particles
    double failureRatio = 0; // 0..1 of the calls: which particles are diamonds
    QString label; // "156 rps · 71 % ok · p99 412 ms"; empty = none
    Health health = Health::Idle; // Idle = no traffic, drawn dotted
    SceneBadge badge;
    TlsMark tls = TlsMark::None;
    bool uncertain = false; // inferred or unknown: dashed
    bool stale = false; // figures are old: faded
    bool dimmed = false; // does not match the find field
    QString split; // SceneSplit::id when the edge is a branch of it
    bool editable = true; // false: no grip; a drag says `whyNotEditable`
    QString whyNotEditable;
    QString accessibleName; // one sentence
    QString toolTip;
};

/// One caller's calls divided over the versions of a service: trunk, diamond, branches. The
/// branches are the edges that name it; `weights` follows their order in SceneModel::edges.
struct SceneSplit
{
    QString id;
    QString source; // SceneNode::id
    QString frame; // SceneFrame::id of the destination
    std::vector<int> weights; // percent, one a branch; empty = measured only, no figures drawn
    QString label; // of the trunk: "311 rps"
    Health health = Health::Ok; // of the trunk
    bool editable = true;
    QString whyNotEditable;
    QString accessibleName;
    QString toolTip;
};

/// One immutable picture. Unknown ids in edges and splits are ignored by the canvas.
struct SceneModel
{
    std::vector<SceneEnvironment> environments;
    std::vector<SceneFrame> frames;
    std::vector<SceneNode> nodes;
    std::vector<SceneEdge> edges;
    std::vector<SceneSplit> splits;
};

using SceneModelPtr = std::shared_ptr<const SceneModel>;

/// What a change would do, laid over the picture until it is applied or dropped.
struct ScenePreview
{
    struct NodeText
    {
        QString node;
        QString subtitle; // "93 → 280 rps · 12 ms"
    };
    struct Weights
    {
        QString split;
        std::vector<int> weights; // drawn in the accent below the struck-through old ones
    };
    std::vector<NodeText> nodes;
    std::vector<Weights> weights;
    QString edge; // whose end moves
    QString target; // where it would go: a dashed accent curve; empty = none

    bool empty() const
    {
        return nodes.empty() && weights.empty() && edge.isEmpty() && target.isEmpty();
    }
};

} // namespace meshyard::scene
