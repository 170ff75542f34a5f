// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/wire/frame_codec.h"

#include "client/wire/value_codec.h"

namespace meshyard::wire {

namespace {

template <typename In, typename Out>
void append(const google::protobuf::RepeatedPtrField<In>& in, std::vector<Out>& out)
{
    out.reserve(out.size() + static_cast<std::size_t>(in.size()));
    for (const In& one : in)
        out.push_back(fromWire(one));
}

void append(
    const google::protobuf::RepeatedPtrField<std::string>& in, std::vector<std::string>& out)
{
    out.insert(out.end(), in.begin(), in.end());
}

void addChunk(const v1::MeshFrame& chunk, MeshFrame& frame)
{
    if (chunk.unix_ms() != 0)
        frame.unixMs = chunk.unix_ms();
    frame.full = frame.full || chunk.full();
    frame.closesSecond = frame.closesSecond || chunk.closes_second();
    if (chunk.has_mesh())
        frame.mesh = fromWire(chunk.mesh());
    append(chunk.services(), frame.services);
    append(chunk.nodes(), frame.nodes);
    append(chunk.edges(), frame.edges);
    append(chunk.samples(), frame.samples);
    append(chunk.instances(), frame.instances);
    append(chunk.proxies(), frame.proxies);
    append(chunk.events(), frame.events);
    if (chunk.overrides_changed() || chunk.overrides_size() > 0) {
        if (!frame.overrides)
            frame.overrides.emplace();
        append(chunk.overrides(), *frame.overrides);
    }
    frame.removedEdges.insert(
        frame.removedEdges.end(), chunk.removed_edges().begin(), chunk.removed_edges().end());
    append(chunk.removed_nodes(), frame.removedNodes);
    append(chunk.removed_services(), frame.removedServices);
    append(chunk.removed_instances(), frame.removedInstances);
}

template <typename In, typename Adder> void addAll(const std::vector<In>& in, Adder add)
{
    for (const In& one : in)
        toWire(one, add());
}

} // namespace

v1::MeshFrame toWire(const MeshFrame& frame)
{
    v1::MeshFrame out;
    out.set_unix_ms(frame.unixMs);
    out.set_full(frame.full);
    out.set_begin(true);
    out.set_end(true);
    out.set_closes_second(frame.closesSecond);
    if (frame.mesh)
        toWire(*frame.mesh, out.mutable_mesh());
    addAll(frame.services, [&out] { return out.add_services(); });
    addAll(frame.nodes, [&out] { return out.add_nodes(); });
    addAll(frame.edges, [&out] { return out.add_edges(); });
    addAll(frame.samples, [&out] { return out.add_samples(); });
    addAll(frame.instances, [&out] { return out.add_instances(); });
    addAll(frame.proxies, [&out] { return out.add_proxies(); });
    addAll(frame.events, [&out] { return out.add_events(); });
    out.set_overrides_changed(frame.overrides.has_value());
    if (frame.overrides)
        addAll(*frame.overrides, [&out] { return out.add_overrides(); });
    out.mutable_removed_edges()->Assign(frame.removedEdges.begin(), frame.removedEdges.end());
    addAll(frame.removedNodes, [&out] { return out.add_removed_nodes(); });
    out.mutable_removed_services()->Assign(
        frame.removedServices.begin(), frame.removedServices.end());
    out.mutable_removed_instances()->Assign(
        frame.removedInstances.begin(), frame.removedInstances.end());
    return out;
}

MeshFrame fromWire(const v1::MeshFrame& frame)
{
    MeshFrame out;
    addChunk(frame, out);
    return out;
}

MeshFramePtr FrameJoiner::add(const v1::MeshFrame& chunk)
{
    if (chunk.begin())
        m_open = std::make_shared<MeshFrame>();
    if (!m_open)
        return nullptr;
    addChunk(chunk, *m_open);
    if (!chunk.end())
        return nullptr;
    if (m_open->full && !m_open->overrides)
        m_open->overrides.emplace(); // a full state without overrides has none
    return std::exchange(m_open, nullptr);
}

} // namespace meshyard::wire
