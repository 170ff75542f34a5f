// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"

#include <QObject>
#include <QString>

namespace meshyard {

/// Where frames come from: live mesh, recording or snapshot file. Views cannot tell which.
///
/// Thread: lives on the GUI thread; implementations decode elsewhere and deliver by queued calls.
class MeshSource : public QObject
{
    Q_OBJECT

public:
    enum class State {
        Idle, // not started
        Connecting, // first attempt under way
        Live, // frames arrive
        Lost, // was live; trying again by itself
        Ended, // a file that was read to its end
        Failed, // will not try again; see errorText()
    };
    Q_ENUM(State)

    using QObject::QObject;

    virtual void start() = 0;
    virtual void stop() = 0;
    virtual State state() const = 0;
    /// English, for logs; empty unless Lost or Failed.
    virtual QString errorText() const = 0;
    /// Unix milliseconds of the last word from the source; 0 = none yet.
    virtual std::int64_t lastHeardMs() const = 0;
    /// False for recordings and files: nothing can be changed there.
    virtual bool isWritable() const = 0;

Q_SIGNALS:
    /// A complete set; the first after (re)connecting is full.
    void frameReceived(const meshyard::MeshFramePtr& frame);
    void stateChanged(meshyard::MeshSource::State state);
};

} // namespace meshyard
