// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/live_source.h"

#include "client/wire/channel.h"
#include "client/wire/watch_stream.h"

#include <QDateTime>
#include <QLoggingCategory>
#include <QRandomGenerator>
#include <QTimer>

#include <algorithm>

namespace meshyard {

namespace {

Q_LOGGING_CATEGORY(lcStream, "meshyard.client.stream")

using namespace std::chrono_literals;
constexpr auto kSilence = 1500ms; // frames come each second; Lost must show within 2 s
constexpr auto kFrozen = 8000ms; // then the connection itself is doubted
constexpr auto kFirstPause = 100ms;
constexpr auto kLongestPause = 2000ms;

} // namespace

struct LiveSource::Private
{
    std::string address;
    std::unique_ptr<wire::WatchStream> stream;
    State state = State::Idle;
    QString error;
    std::int64_t lastHeardMs = 0;
    std::chrono::milliseconds pause = kFirstPause;
    QTimer silence;
    QTimer retry;
};

LiveSource::LiveSource(const std::string& address, QObject* parent)
    : MeshSource(parent)
    , d(new Private)
{
    d->address = address;
    d->silence.setSingleShot(true);
    d->retry.setSingleShot(true);
    connect(&d->silence, &QTimer::timeout, this, &LiveSource::heardNothing);
    connect(&d->retry, &QTimer::timeout, this, &LiveSource::connectStream);
}

LiveSource::~LiveSource() = default;

MeshSource::State LiveSource::state() const
{
    return d->state;
}

QString LiveSource::errorText() const
{
    return d->error;
}

std::int64_t LiveSource::lastHeardMs() const
{
    return d->lastHeardMs;
}

void LiveSource::start()
{
    if (d->state != State::Idle && d->state != State::Failed)
        return;
    setState(State::Connecting);
    connectStream();
}

void LiveSource::stop()
{
    d->silence.stop();
    d->retry.stop();
    d->stream.reset();
    d->error.clear();
    setState(State::Idle);
}

void LiveSource::reconnectNow()
{
    if (d->state == State::Idle || d->state == State::Live)
        return;
    d->pause = kFirstPause;
    d->retry.stop();
    connectStream();
}

void LiveSource::connectStream()
{
    d->stream.reset();
    const auto channel = wire::openChannel(d->address);
    if (!channel) {
        d->error = QString::fromStdString(channel.error().message);
        setState(State::Failed); // no retry makes a wrong address right
        return;
    }
    d->stream = std::make_unique<wire::WatchStream>(*channel, d->address,
        [this] { QMetaObject::invokeMethod(this, &LiveSource::drain, Qt::QueuedConnection); });
    d->silence.start(kFrozen);
}

void LiveSource::drain()
{
    if (!d->stream)
        return;
    const wire::WatchStream::Taken taken = d->stream->take();
    for (const MeshFramePtr& frame : taken.frames) {
        takeFrame(frame);
        if (!d->stream)
            return; // a listener stopped us
    }
    if (!taken.ended)
        return;
    d->stream.reset();
    lose(QString::fromStdString(taken.ended->message));
    retryLater();
}

void LiveSource::takeFrame(const MeshFramePtr& frame)
{
    d->lastHeardMs = QDateTime::currentMSecsSinceEpoch();
    d->pause = kFirstPause;
    d->error.clear();
    d->silence.start(kSilence);
    setState(State::Live);
    Q_EMIT frameReceived(frame);
}

void LiveSource::lose(const QString& reason)
{
    d->silence.stop();
    d->error = reason;
    if (d->state != State::Lost)
        qCInfo(lcStream, "lost the control plane: %ls", qUtf16Printable(reason));
    setState(State::Lost);
}

void LiveSource::retryLater()
{
    const double jitter = 0.7 + 0.6 * QRandomGenerator::global()->generateDouble();
    d->retry.start(static_cast<int>(static_cast<double>(d->pause.count()) * jitter));
    d->pause = std::min<std::chrono::milliseconds>(d->pause * 2, kLongestPause);
}

void LiveSource::heardNothing()
{
    drain(); // a busy GUI thread is no silent mesh
    if (!d->stream || d->silence.isActive())
        return;
    if (d->state == State::Live) {
        lose(QStringLiteral("nothing heard for 1.5 s"));
        d->silence.start(kFrozen);
        return;
    }
    d->stream.reset();
    lose(QStringLiteral("the control plane at %1 does not answer")
            .arg(QString::fromStdString(d->address)));
    connectStream();
}

void LiveSource::setState(State state)
{
    if (std::exchange(d->state, state) != state)
        Q_EMIT stateChanged(state);
}

} // namespace meshyard
