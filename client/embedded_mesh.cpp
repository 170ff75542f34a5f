// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/embedded_mesh.h"

#include "client/grpc_commands.h"
#include "client/mesh_address.h"

#include <QCoreApplication>
#include <QDir>
#include <QFile>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QStandardPaths>
#include <QTimer>

#include <chrono>

namespace meshyard {

namespace {

using namespace std::chrono_literals;
constexpr auto kPatience = 30s; // for the ready line
constexpr auto kStopPatience = 5000ms;
constexpr char kDetach = 'd'; // see meshyard-supervisor --help

QString program(const QString& binDir, const QString& name)
{
    return (binDir.isEmpty() ? QCoreApplication::applicationDirPath() : binDir) + u'/' + name;
}

QString lastLine(const QString& fileName)
{
    QFile file(fileName);
    if (!file.open(QIODevice::ReadOnly))
        return {};
    file.seek(std::max<qint64>(0, file.size() - 4096));
    const QList<QByteArray> lines = file.readAll().trimmed().split('\n');
    return QString::fromUtf8(lines.last());
}

} // namespace

struct EmbeddedMesh::Private
{
    Options options;
    QString address;
    State state = State::Idle;
    QString error;
    QByteArray output;
    QByteArray readyLine;
    std::unique_ptr<GrpcCommands> probe;
    std::unique_ptr<QProcess> supervisor;
    QTimer patience;

    QString logFile() const { return options.dataDir + QLatin1String("/supervisor.log"); }
};

EmbeddedMesh::EmbeddedMesh(Options options, QObject* parent)
    : QObject(parent)
    , d(new Private)
{
    d->options = std::move(options);
    d->address = QString::fromStdString(meshAddress(d->options.address.toStdString()));
    if (d->options.dataDir.isEmpty())
        d->options.dataDir = QStandardPaths::writableLocation(QStandardPaths::GenericDataLocation)
            + QLatin1String("/meshyard/mesh");
    d->patience.setSingleShot(true);
    connect(&d->patience, &QTimer::timeout, this, [this] {
        fail(QStringLiteral("the mesh did not become ready within 30 s; see %1").arg(d->logFile()));
    });
}

EmbeddedMesh::~EmbeddedMesh()
{
    if (!d->supervisor)
        return;
    d->supervisor->disconnect(this);
    d->supervisor->closeWriteChannel();
    d->supervisor->waitForFinished(static_cast<int>(kStopPatience.count()));
}

void EmbeddedMesh::start()
{
    if (d->state == State::Starting || d->state == State::Running)
        return;
    d->state = State::Starting;
    const QString socket = d->address.mid(5);
    if (d->address.startsWith(QLatin1String("unix:")) && !QFile::exists(socket)) {
        launch();
        return;
    }
    d->probe = std::make_unique<GrpcCommands>(d->address.toStdString(), std::string());
    d->probe->revisions(0, this, [this](const Result<std::vector<RevisionInfo>>& answer) {
        if (!answer && answer.error().code == ErrorCode::Unavailable) {
            launch(); // a socket that a killed mesh left behind
        } else if (!answer) {
            fail(QString::fromStdString(answer.error().message));
        } else {
            d->state = State::Running;
            Q_EMIT ready(d->address);
        }
    });
}

void EmbeddedMesh::launch()
{
    if (!QDir().mkpath(d->options.dataDir)) {
        fail(QStringLiteral("the folder %1 cannot be written; choose another data folder")
                .arg(d->options.dataDir));
        return;
    }
    QStringList arguments{QStringLiteral("--data-dir"), d->options.dataDir,
        QStringLiteral("--lifeline-fd"), QStringLiteral("0"), QStringLiteral("--"),
        program(d->options.binDir, QStringLiteral("meshyardd")), QStringLiteral("--data-dir"),
        d->options.dataDir};
    if (d->options.demo)
        arguments << QStringLiteral("--demo");
    if (!d->options.address.isEmpty())
        arguments << QStringLiteral("--admin") << d->options.address;
    d->supervisor = std::make_unique<QProcess>();
    d->supervisor->setStandardErrorFile(d->logFile(), QIODevice::Append);
    connect(
        d->supervisor.get(), &QProcess::readyReadStandardOutput, this, &EmbeddedMesh::readOutput);
    connect(d->supervisor.get(), &QProcess::finished, this, &EmbeddedMesh::handleExit);
    connect(d->supervisor.get(), &QProcess::errorOccurred, this, [this](QProcess::ProcessError e) {
        if (e == QProcess::FailedToStart)
            fail(QStringLiteral("cannot start %1: %2")
                    .arg(d->supervisor->program(), d->supervisor->errorString()));
    });
    d->patience.start(kPatience);
    d->supervisor->start(
        program(d->options.binDir, QStringLiteral("meshyard-supervisor")), arguments);
}

void EmbeddedMesh::readOutput()
{
    d->output += d->supervisor->readAllStandardOutput();
    for (qsizetype end = d->output.indexOf('\n'); end >= 0; end = d->output.indexOf('\n')) {
        const QByteArray line = d->output.left(end);
        d->output.remove(0, end + 1);
        takeReadyLine(line);
    }
}

void EmbeddedMesh::takeReadyLine(const QByteArray& line)
{
    const QJsonObject object = QJsonDocument::fromJson(line).object();
    if (object.value(QLatin1String("event")) != QLatin1String("ready"))
        return;
    d->readyLine = line;
    const QString admin = object.value(QLatin1String("admin")).toString();
    if (!admin.isEmpty())
        d->address = admin;
    d->patience.stop();
    if (d->state != State::Starting)
        return; // a control plane that was started again
    d->state = State::Running;
    Q_EMIT ready(d->address);
}

void EmbeddedMesh::handleExit()
{
    d->patience.stop();
    const int code = d->supervisor->exitCode();
    d->supervisor.release()->deleteLater(); // we are inside its signal
    if (d->state == State::Stopping) {
        d->state = State::Stopped;
        Q_EMIT stopped();
        return;
    }
    const QString last = lastLine(d->logFile());
    fail(last.isEmpty() ? QStringLiteral("the mesh ended with exit code %1").arg(code) : last);
}

void EmbeddedMesh::stop()
{
    if (!d->supervisor) {
        d->state = State::Stopped;
        Q_EMIT stopped();
        return;
    }
    d->state = State::Stopping;
    d->supervisor->closeWriteChannel();
}

void EmbeddedMesh::detach()
{
    if (!d->supervisor)
        return;
    d->supervisor->disconnect(this);
    d->supervisor->write(&kDetach, 1);
    d->supervisor->waitForBytesWritten(1000);
    static_cast<void>(d->supervisor.release()); // QProcess would kill it on destruction
}

EmbeddedMesh::State EmbeddedMesh::state() const
{
    return d->state;
}

bool EmbeddedMesh::isOurs() const
{
    return d->supervisor != nullptr;
}

QString EmbeddedMesh::address() const
{
    return d->address;
}

QByteArray EmbeddedMesh::readyLine() const
{
    return d->readyLine;
}

QString EmbeddedMesh::errorText() const
{
    return d->error;
}

void EmbeddedMesh::fail(const QString& sentence)
{
    d->patience.stop();
    d->state = State::Failed;
    d->error = sentence;
    Q_EMIT failed(sentence);
}

} // namespace meshyard
