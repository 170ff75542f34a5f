// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/gui/crowd_mesh.h"

#include "tests/support/synthetic_mesh.h"

#include <QDateTime>

#include <set>

namespace meshyard::test {
namespace {

constexpr std::uint64_t kSeed = 7;
constexpr std::uint32_t kFailingEvery = 41; // edges
constexpr std::uint32_t kBaseLatencyUs = 2000;

} // namespace

CrowdMesh::CrowdMesh(std::uint32_t services, std::uint32_t calls)
    : m_unixMs(QDateTime::currentMSecsSinceEpoch())
{
    const layout::LayoutInput input = tests::syntheticMesh(services, calls, kSeed);
    for (const layout::LayoutNode& one : input.nodes) {
        Node node;
        node.key = {"production", one.id, "v1"};
        node.instances = 2;
        node.ready = 2;
        m_nodes.push_back(node);
    }
    std::set<EdgeKey> known;
    for (const layout::LayoutEdge& one : input.edges) {
        Edge edge;
        edge.id = static_cast<EdgeId>(m_edges.size() + 1);
        edge.key.source = m_nodes[one.source].key;
        edge.key.destination = m_nodes[one.target].key;
        if (one.source != one.target && known.insert(edge.key).second)
            m_edges.push_back(edge);
    }
}

MeshFramePtr CrowdMesh::full()
{
    auto frame = std::make_shared<MeshFrame>();
    frame->unixMs = m_unixMs;
    frame->full = true;
    frame->closesSecond = true;
    frame->mesh.emplace();
    frame->mesh->name = "crowd";
    frame->nodes = m_nodes;
    frame->edges = m_edges;
    frame->samples = samples();
    return frame;
}

MeshFramePtr CrowdMesh::next()
{
    m_unixMs += 1000;
    auto frame = std::make_shared<MeshFrame>();
    frame->unixMs = m_unixMs;
    frame->closesSecond = true;
    frame->samples = samples();
    return frame;
}

std::vector<EdgeSample> CrowdMesh::samples() const
{
    std::vector<EdgeSample> samples;
    for (const Edge& edge : m_edges) {
        EdgeSample sample;
        sample.edge = edge.id;
        sample.outcomes.ok = 5 + edge.id * 7 % 90;
        if (edge.id % kFailingEvery == 0)
            sample.outcomes.serverErrors = sample.outcomes.ok / 3;
        for (std::uint64_t i = 0; i < sample.outcomes.ok; ++i)
            sample.latency.record(kBaseLatencyUs + 200 * (i * 7 % 20) + edge.id * 13 % 3000);
        EdgeBreaker breaker;
        breaker.state = BreakerState::Closed;
        breaker.instances = 2;
        breaker.known = Knowledge::Known;
        sample.breaker = breaker;
        samples.push_back(sample);
    }
    return samples;
}

} // namespace meshyard::test
