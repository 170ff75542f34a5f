// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/snapshot_source.h"

#include "client/snapshot/snapshot.h"

#include <QFile>

namespace meshyard {

SnapshotSource::SnapshotSource(QString file, QObject* parent)
    : MeshSource(parent)
    , m_file(std::move(file))
{
}

SnapshotSource::~SnapshotSource()
{
    if (m_thread.joinable())
        m_thread.join();
}

void SnapshotSource::start()
{
    if (m_state != State::Idle)
        return;
    setState(State::Connecting);
    m_thread = std::thread([this] {
        MeshFramePtr frame;
        QString error;
        QFile file(m_file);
        if (!file.open(QIODevice::ReadOnly)) {
            error = QStringLiteral("cannot read %1: %2").arg(m_file, file.errorString());
        } else if (auto snapshot = parseSnapshot(file.readAll().toStdString())) {
            frame = std::make_shared<const MeshFrame>(snapshotFrame(*snapshot));
        } else {
            error = m_file + QLatin1String(": ") + QString::fromStdString(snapshot.error().message);
        }
        QMetaObject::invokeMethod(
            this, [this, frame, error] { take(frame, error); }, Qt::QueuedConnection);
    });
}

void SnapshotSource::stop()
{
    if (m_thread.joinable())
        m_thread.join();
    setState(State::Idle);
}

void SnapshotSource::take(const MeshFramePtr& frame, const QString& error)
{
    if (m_state != State::Connecting)
        return;
    m_thread.join();
    m_error = error;
    if (!frame) {
        setState(State::Failed);
        return;
    }
    m_unixMs = frame->unixMs;
    Q_EMIT frameReceived(frame);
    setState(State::Ended);
}

void SnapshotSource::setState(State state)
{
    if (std::exchange(m_state, state) != state)
        Q_EMIT stateChanged(state);
}

} // namespace meshyard
