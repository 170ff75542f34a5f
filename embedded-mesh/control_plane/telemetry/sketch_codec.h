// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/latency_sketch.h"
#include "meshyard/v1/common.pb.h"

namespace meshyard::control_plane {

/// Adds the values of a wire sketch; buckets beyond the last are ignored.
void mergeInto(const v1::Sketch& from, LatencySketch& into);

/// Occupied buckets only.
void encodeSketch(const LatencySketch& from, v1::Sketch& into);

} // namespace meshyard::control_plane
