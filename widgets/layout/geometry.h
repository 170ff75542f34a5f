// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <vector>

namespace meshyard::layout {

struct Point
{
    double x = 0;
    double y = 0;

    bool operator==(const Point&) const = default;
};

struct Size
{
    double width = 0;
    double height = 0;
};

/// x right, y down; an empty box has no width.
struct Box
{
    double x = 0;
    double y = 0;
    double width = 0;
    double height = 0;

    double right() const { return x + width; }
    double bottom() const { return y + height; }
    double centreX() const { return x + width / 2; }
    double centreY() const { return y + height / 2; }
    bool empty() const { return width <= 0 || height <= 0; }

    bool intersects(const Box& other) const
    {
        return x < other.right() && other.x < right() && y < other.bottom() && other.y < bottom();
    }

    Box grown(double margin) const
    {
        return {x - margin, y - margin, width + 2 * margin, height + 2 * margin};
    }

    Box united(const Box& other) const
    {
        if (empty())
            return other;
        if (other.empty())
            return *this;
        const double left = std::min(x, other.x);
        const double top = std::min(y, other.y);
        return {left, top, std::max(right(), other.right()) - left,
            std::max(bottom(), other.bottom()) - top};
    }

    bool operator==(const Box&) const = default;
};

/// A chain of cubics: start, then (control, control, end) for each piece; empty = not routed.
using Curve = std::vector<Point>;

} // namespace meshyard::layout
