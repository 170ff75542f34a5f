// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/layout/geometry.h"

#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace meshyard::layout {

inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

enum class NodeKind : std::uint8_t { Service, Gateway, External, Database, Unknown };

struct LayoutNode
{
    std::string id;
    Size size{172, 52};
    NodeKind kind = NodeKind::Service;
    std::uint32_t environment = kNone; // index into LayoutInput::environments
    std::uint32_t frame = kNone; // index into LayoutInput::frames
    std::optional<Point> pinned; // stays exactly there (top left)
    std::optional<Point> previous; // where it stood; decides order where nothing else does
};

/// Where an edge passes between the nodes of a column on its way.
struct Bend
{
    double left = 0;
    double right = 0;
    double y = 0;
};

struct LayoutEdge
{
    std::uint32_t source = 0; // index into LayoutInput::nodes
    std::uint32_t target = 0;
    double weight = 1; // calls per second: heavy edges keep their direction and run straight
    std::uint32_t split = kNone; // edges of one caller to one frame that share trunk and diamond
    std::vector<Bend> bends; // as in an earlier result, so that its way stays
};

struct LayoutEnvironment
{
    std::string id;
    bool boxed = true;
};

struct LayoutFrame
{
    std::string id;
};

struct Spacing
{
    double rows = 40; // between nodes of a column
    double columns = 136; // between columns: room for a label
    double splitExtra = 56; // more where a column's edges divide
    double environmentHeader = 44;
    double environmentPadding = 24;
    double environmentGap = 16;
    double frameHeader = 40;
    double framePadding = 14;
    double frameFooter = 26;
};

struct LayoutInput
{
    std::vector<LayoutNode> nodes;
    std::vector<LayoutEdge> edges;
    std::vector<LayoutEnvironment> environments; // top to bottom
    std::vector<LayoutFrame> frames;
    std::uint32_t splits = 0;
    std::uint64_t seed = 1;
    Spacing spacing;
};

struct FramePart
{
    std::uint32_t frame = kNone;
    Box box;
};

struct SplitRoute
{
    Point diamond;
    Curve trunk; // caller to diamond; empty = split has no edges
};

struct LayoutResult
{
    std::vector<Box> nodes; // as LayoutInput::nodes
    std::vector<Box> environments; // as LayoutInput::environments; empty boxes for empty ones
    std::vector<FramePart> frames; // only frames of two or more nodes; parts where one had no room
    std::vector<Curve> edges; // as LayoutInput::edges; a branch starts at its diamond
    std::vector<std::vector<Bend>> bends; // as LayoutInput::edges
    std::vector<SplitRoute> splits;
    Box extent;
    std::uint64_t crossings = 0; // of the layered drawing
    bool cancelled = false; // then everything else is meaningless
};

/// Layered left-to-right layout of a mesh, deterministic for equal input and seed.
///
/// Follows Sugiyama's steps: greedy feedback arc set (Eades), tightened longest-path layers,
/// median and barycentre sweeps with exchanges, coordinates by isotonic regression.
/// Thread: any; no shared state.
class LayoutEngine final
{
public:
    /// Places everything anew; pinned nodes stay.
    static LayoutResult layout(const LayoutInput& input, const std::stop_token& stop = {});

    /// Keeps every node that has a `previous` place exactly there and finds room for the others
    /// beside their neighbours. Nodes that are gone leave a gap: nobody closes it.
    static LayoutResult insertLocally(const LayoutInput& input, const std::stop_token& stop = {});

    /// Routes the edges of nodes that stand at `boxes`: after a drag or between two layouts.
    static LayoutResult reroute(const LayoutInput& input, std::vector<Box> boxes);

    /// How far a picture is from reading left to right: edge lengths, backward ones three times.
    static double cost(const LayoutInput& input, const std::vector<Box>& boxes);
};

} // namespace meshyard::layout
