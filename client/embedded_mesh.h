// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

#include <memory>

namespace meshyard {

/// Finds the mesh that already runs for this user, or starts one of its own: the supervisor beside
/// our executable, held by a lifeline (its standard input), so that it ends when we are killed.
///
/// Thread: GUI. Never blocks but in the destructor, which waits up to 5 s for an ordered stop.
class EmbeddedMesh final : public QObject
{
    Q_OBJECT

public:
    struct Options
    {
        bool demo = false;
        QString dataDir; // empty = the user's data folder + /meshyard/mesh
        QString address; // empty = meshAddress()
        QString binDir; // where the siblings are; empty = beside our own executable
    };
    enum class State { Idle, Starting, Running, Stopping, Stopped, Failed };
    Q_ENUM(State)

    explicit EmbeddedMesh(Options options, QObject* parent = nullptr);
    /// Stops what was started, unless detach() was called.
    ~EmbeddedMesh() override;

    void start();
    /// Lets go of the lifeline; the supervisor stops everything in order, then stopped() comes.
    void stop();
    /// The mesh goes on without us; nothing is stopped any more.
    void detach();

    State state() const;
    /// False while none runs, or one was found that somebody else started.
    bool isOurs() const;
    /// Where it is reached; the actual one once Running.
    QString address() const;
    /// The whole ready line as JSON; empty for a mesh that was found.
    QByteArray readyLine() const;
    /// English, one sentence; empty unless Failed.
    QString errorText() const;

Q_SIGNALS:
    void ready(const QString& address);
    void failed(const QString& sentence);
    void stopped();

private:
    struct Private;

    void launch();
    void readOutput();
    void takeReadyLine(const QByteArray& line);
    void handleExit();
    void fail(const QString& sentence);

    std::unique_ptr<Private> d;
};

} // namespace meshyard
