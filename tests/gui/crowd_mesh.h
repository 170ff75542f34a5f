// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"

namespace meshyard::test {

/// Frames of a mesh of any size, to see how the picture copes: names are numbers, a few edges fail.
class CrowdMesh final
{
public:
    CrowdMesh(std::uint32_t services, std::uint32_t calls);

    /// The whole state at its first second.
    MeshFramePtr full();
    MeshFramePtr next();

private:
    std::vector<EdgeSample> samples() const;

    std::vector<Node> m_nodes;
    std::vector<Edge> m_edges;
    std::int64_t m_unixMs = 0;
};

} // namespace meshyard::test
