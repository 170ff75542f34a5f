// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"
#include "embedded-mesh/core/result.h"

#include <QObject>

#include <functional>
#include <vector>

namespace meshyard::ui {

/// Traffic of the whole mesh (or one edge) over one step of time.
struct TrafficStep
{
    std::int64_t unixMs = 0; // its beginning
    std::int64_t stepMs = 1000;
    std::uint64_t requests = 0;
    std::uint64_t failed = 0;
    std::optional<double> p99Micros;
};

struct PastOverview
{
    std::int64_t fromMs = 0;
    std::int64_t toMs = 0;
    std::vector<TrafficStep> steps; // ascending, gaps left out
    std::vector<Event> events;
    std::uint64_t storedBytes = 0;
};

/// The past as the window asks for it. Never blocks; a reply comes once, on the GUI thread, and not
/// at all after `context` is gone.
class PastReader
{
public:
    template <typename T> using Reply = std::function<void(Result<T>)>;

    virtual ~PastReader() = default;

    /// The mesh at an instant: a full frame, then up to `seconds` - 1 frames that lead to it.
    virtual void framesAt(
        std::int64_t unixMs, int seconds, QObject* context, Reply<std::vector<MeshFramePtr>> reply)
        = 0;
    /// @param steps how many steps the range is cut into at most.
    virtual void overview(std::int64_t fromMs, std::int64_t toMs, int steps, QObject* context,
        Reply<PastOverview> reply)
        = 0;
};

} // namespace meshyard::ui
