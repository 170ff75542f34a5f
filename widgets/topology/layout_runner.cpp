// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/topology/layout_runner.h"

#include <QMetaObject>

namespace meshyard::widgets {

LayoutRunner::LayoutRunner(QObject* parent)
    : QObject(parent)
    , m_thread([this](const std::stop_token& stop) { work(stop); })
{
}

LayoutRunner::~LayoutRunner()
{
    m_thread.request_stop();
    {
        const std::scoped_lock lock(m_mutex);
        m_current.request_stop();
    }
    m_thread.join();
}

void LayoutRunner::request(LayoutJob job)
{
    m_waitingFor = job.model;
    {
        const std::scoped_lock lock(m_mutex);
        m_current.request_stop();
        m_next = std::move(job);
    }
    m_wake.notify_one();
}

void LayoutRunner::work(const std::stop_token& stop)
{
    while (!stop.stop_requested()) {
        LayoutJob job;
        std::stop_source current;
        {
            std::unique_lock lock(m_mutex);
            if (!m_wake.wait(lock, stop, [this] { return m_next.has_value(); }))
                return;
            job = std::move(*m_next);
            m_next.reset();
            m_current = current;
        }
        const scene::PlacedScenePtr placed = run(job, current.get_token());
        if (placed == nullptr)
            continue;
        QMetaObject::invokeMethod(
            this,
            [this, placed] {
                if (placed->model != m_waitingFor)
                    return; // overtaken
                m_waitingFor.reset();
                Q_EMIT finished(placed);
            },
            Qt::QueuedConnection);
    }
}

scene::PlacedScenePtr LayoutRunner::run(const LayoutJob& job, const std::stop_token& stop)
{
    using layout::LayoutEngine;
    if (job.refresh)
        return scene::refreshScene(*job.previous, job.model);
    const auto input
        = scene::layoutInput(*job.model, job.previous.get(), job.pinned, job.remembered);
    layout::LayoutResult result;
    if (job.anew || job.previous == nullptr || job.previous->nodes.empty()) {
        result = LayoutEngine::layout(scene::layoutInput(*job.model, nullptr, job.pinned), stop);
    } else {
        result = LayoutEngine::insertLocally(input, stop);
        if (job.mayRearrange && !result.cancelled) {
            auto fresh
                = LayoutEngine::layout(scene::layoutInput(*job.model, nullptr, job.pinned), stop);
            constexpr double kWorthIt = 1.02;
            if (!fresh.cancelled
                && LayoutEngine::cost(input, fresh.nodes) * kWorthIt
                    < LayoutEngine::cost(input, result.nodes))
                result = std::move(fresh);
        }
    }
    if (result.cancelled || stop.stop_requested())
        return nullptr;
    return scene::placeScene(job.model, std::move(result));
}

} // namespace meshyard::widgets
