// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "meshyard/v1/admin.grpc.pb.h"
#include "meshyard/v1/observer.grpc.pb.h"

#include <QJsonObject>
#include <QProcess>
#include <QStringList>
#include <QTemporaryDir>

#include <map>
#include <memory>
#include <optional>
#include <string>

namespace meshyard::test {

struct HttpAnswer
{
    int status = 0; ///< 0 = no answer
    std::map<std::string, std::string> headers; ///< names in lower case
    std::string body;
};

/// One request on a connection of its own.
HttpAnswer httpGet(const std::string& hostPort, const std::string& path,
    const std::map<std::string, std::string>& headers = {}, const std::string& method = "GET");

/// A real mesh of this build in a folder of its own: meshyardd, sidecars, programs. Its end stops
/// everything in order.
class MeshFixture final
{
public:
    MeshFixture();
    ~MeshFixture();
    MeshFixture(const MeshFixture&) = delete;
    MeshFixture& operator=(const MeshFixture&) = delete;

    /// Starts meshyardd with these options besides folder and addresses and waits for its ready
    /// line. @return what went wrong, with the log's end.
    Result<void> start(const QStringList& options);
    /// Asks for an ordered stop. @return the exit code of the supervisor.
    int stop();

    const QJsonObject& ready() const { return m_ready; }
    std::string address() const;
    std::string gateway() const;
    std::string knobs(const std::string& instance) const;
    /// Host and port of an instance's outbound listener.
    std::string outbound(const std::string& instance) const;
    std::int64_t supervisorPid() const { return m_daemon.processId(); }
    std::int64_t controlPlanePid() const;
    QString folder() const { return m_folder.path(); }
    QString log() const;

    v1::MeshAdmin::Stub& admin() { return *m_admin; }
    v1::MeshObserver::Stub& observer() { return *m_observer; }

    /// @param query "latency_ms=200&failure_percent=0". @return false when it was refused.
    bool turn(const std::string& instance, const std::string& query) const;
    QJsonObject counters(const std::string& instance) const;
    void resetCounters(const std::string& instance) const;
    /// Edges of a namespace over a window, by "reviews@v2 -> ratings@v1".
    std::map<std::string, v1::EdgeFigures> edges(std::uint32_t windowS, const std::string& ns);
    Result<v1::ApplyResponse> applyFile(const QString& path);
    Result<v1::ApplyResponse> undo();
    /// Runs meshyardctl. @return exit code and both outputs.
    struct CommandOutput
    {
        int exitCode = -1;
        QByteArray out;
        QByteArray err;
    };
    CommandOutput ctl(const QStringList& arguments, int patienceMs = 20'000) const;
    /// Processes that run below the supervisor now.
    QStringList processes() const;

private:
    QTemporaryDir m_folder;
    QProcess m_daemon;
    QJsonObject m_ready;
    std::unique_ptr<v1::MeshAdmin::Stub> m_admin;
    std::unique_ptr<v1::MeshObserver::Stub> m_observer;
};

/// Calls that came to an end, rejected ones included, retries not.
std::uint64_t finishedCalls(const v1::Outcomes& outcomes);
/// Quantile of a sketch in milliseconds; 0 when it is empty.
double quantileMs(const v1::Sketch& sketch, double quantile);

} // namespace meshyard::test
