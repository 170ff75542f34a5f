// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/layout/layout_engine.h"

#include <vector>

namespace meshyard::layout {

/// Finds room for new nodes beside their neighbours while every placed node stays.
class LocalInsertion final
{
public:
    /// @param boxes one a node; boxes of nodes in `placed` are fixed, the others are written.
    LocalInsertion(const LayoutInput& input, std::vector<Box>& boxes, std::vector<bool> placed);

    void run();

private:
    struct Column
    {
        double left;
        double width;
    };

    void collectColumns();
    std::uint32_t nextNode() const;
    void place(std::uint32_t node);
    bool placeInFrame(std::uint32_t node);
    void placeInColumn(std::uint32_t node);
    double wantedX(std::uint32_t node) const;
    double wantedY(std::uint32_t node, double fallback) const;
    bool tryColumn(std::uint32_t node, double x, double y, double reach, Box& found) const;
    bool isFree(const Box& box, std::uint32_t node) const;
    Box band(std::uint32_t environment) const;
    bool lastBand(std::uint32_t environment) const;

    const LayoutInput& m_input;
    std::vector<Box>& m_boxes;
    std::vector<bool> m_placed;
    std::vector<Column> m_columns;
};

} // namespace meshyard::layout
