// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyard/history_past.h"

#include <algorithm>

namespace meshyard::app {

HistoryPast::HistoryPast(const std::string& file)
    : m_reader(file)
{
}

void HistoryPast::framesAt(
    std::int64_t unixMs, int seconds, QObject* context, Reply<std::vector<MeshFramePtr>> reply)
{
    const auto before = static_cast<std::uint32_t>(std::max(0, seconds - 1));
    m_reader.frameAt(
        unixMs, before, context, [reply = std::move(reply)](Result<MeshFramePtr> frame) {
            if (frame)
                reply(std::vector<MeshFramePtr>{std::move(*frame)});
            else
                reply(tl::unexpected(frame.error()));
        });
}

void HistoryPast::overview(std::int64_t fromMs, std::int64_t toMs, int steps, QObject* context,
    Reply<ui::PastOverview> reply)
{
    m_reader.overview(fromMs, toMs, static_cast<std::uint32_t>(std::max(1, steps)), context,
        [reply = std::move(reply)](Result<history::Overview> found) {
            if (!found) {
                reply(tl::unexpected(found.error()));
                return;
            }
            ui::PastOverview overview;
            overview.fromMs = found->fromMs;
            overview.toMs = found->toMs;
            overview.storedBytes = found->storedBytes;
            overview.events = std::move(found->events);
            const std::int64_t stepMs = static_cast<std::int64_t>(found->stepS) * 1000;
            for (const history::TotalsPoint& point : found->steps) {
                if (point.seconds == 0)
                    continue;
                ui::TrafficStep step;
                step.unixMs = point.unixMs - stepMs; // theirs are ends
                step.stepMs = stepMs;
                step.requests = point.requests;
                step.failed = point.failed;
                step.p99Micros = point.p99Us;
                overview.steps.push_back(step);
            }
            reply(std::move(overview));
        });
}

} // namespace meshyard::app
