// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/placed_scene.h"

#include <QHash>
#include <QObject>
#include <QPointF>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>

namespace meshyard::widgets {

struct LayoutJob
{
    scene::SceneModelPtr model;
    scene::PlacedScenePtr previous; // null: nothing shown yet
    QHash<QString, QPointF> pinned;
    QHash<QString, QPointF> remembered; // where nodes stood before they went
    bool refresh = false; // same structure as `previous`: only words and figures are new
    bool anew = false; // lay out everything again
    bool mayRearrange = false; // adopt a new arrangement if it reads better
};

/// Lays scenes out on a thread of its own; the newest job wins, an older one is cancelled.
///
/// Thread: GUI; finished() comes there too. The destructor waits for the worker.
class LayoutRunner final : public QObject
{
    Q_OBJECT

public:
    explicit LayoutRunner(QObject* parent = nullptr);
    ~LayoutRunner() override;

    void request(LayoutJob job);
    bool busy() const { return m_waitingFor != nullptr; }
    const scene::SceneModelPtr& waitingFor() const { return m_waitingFor; }

Q_SIGNALS:
    void finished(const meshyard::scene::PlacedScenePtr& placed);

private:
    void work(const std::stop_token& stop);
    static scene::PlacedScenePtr run(const LayoutJob& job, const std::stop_token& stop);

    scene::SceneModelPtr m_waitingFor; // GUI thread only
    std::mutex m_mutex; // guards m_next, m_current
    std::condition_variable_any m_wake;
    std::optional<LayoutJob> m_next;
    std::stop_source m_current;
    std::jthread m_thread;
};

} // namespace meshyard::widgets
