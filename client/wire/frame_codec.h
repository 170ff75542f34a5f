// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"

#include "meshyard/v1/observer.pb.h"

namespace meshyard::wire {

/// The whole frame in one message (begin and end set); the seconds before it are not on the wire.
v1::MeshFrame toWire(const MeshFrame& frame);
MeshFrame fromWire(const v1::MeshFrame& frame);

/// Joins the chunks of a set, begin to end, into one frame.
///
/// Thread: one at a time; the stream's.
class FrameJoiner final
{
public:
    /// @return the complete set when `chunk` was its last; null before that. A set that begins
    /// anew, or goes on without a beginning, drops what was there.
    MeshFramePtr add(const v1::MeshFrame& chunk);

private:
    std::shared_ptr<MeshFrame> m_open;
};

} // namespace meshyard::wire
