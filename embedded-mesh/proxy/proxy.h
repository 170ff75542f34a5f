// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/bootstrap/ads_client.h"
#include "embedded-mesh/proxy/bootstrap/bootstrap_file.h"
#include "embedded-mesh/proxy/telemetry/admin_server.h"
#include "embedded-mesh/proxy/telemetry/report_builder.h"
#include "embedded-mesh/proxy/telemetry/telemetry_client.h"
#include "embedded-mesh/proxy/telemetry/memory_trimmer.h"
#include "embedded-mesh/proxy/worker_set.h"

namespace meshyard::proxy {

struct ProxyOptions
{
    std::string bootstrapPath;
    std::string adminAddress; // instead of the bootstrap's
    std::string stateDir; // last good snapshot; empty = none is kept
    unsigned concurrency = 1; // workers
    std::string version; // of the program
    std::chrono::seconds drainTime{5}; // patience at SIGTERM
};

/// The sidecar: joins bootstrap, configuration stream, worker, telemetry and admin endpoint.
///
/// Thread: the main loop's; what comes from elsewhere is posted.
class Proxy final : private AdminSubject
{
public:
    Proxy(net::EventLoop& mainLoop, ProxyOptions options);
    ~Proxy() override;

    /// Reads, compiles and opens everything that stands in the bootstrap.
    Result<void> start();
    /// Accepts no more and says close, then stops when the last connection has gone or in time.
    void drain(std::chrono::milliseconds patience);

private:
    Figures figures() override;
    OwnIdentity identity() const override;
    std::string configDump() override;
    std::string serverInfo() override;
    std::string listeners() override;
    std::string_view state() const override;
    void setHealthy(bool healthy) override { m_healthy = healthy; }
    void drainListeners() override;
    void drainAndExit() override;
    void reopenLogs() override { m_logFiles.reopen(); }

    Result<void> readConfiguration();
    Result<void> readOverloadRules();
    void startWorkers();
    void everySecond();
    void report();
    void connect(const std::string& address);
    void onConfigurationChanged(bool complete);
    Result<void> openAdmin();
    void announceReady();
    void finishDrain();
    void refreshFiles();

    net::EventLoop& m_loop;
    const ProxyOptions m_options;
    Bootstrap m_bootstrap;
    ConfigStore m_store;
    std::string m_controlPlane; // address; empty = none
    std::shared_ptr<grpc::Channel> m_channel;
    std::vector<ReportBuilder> m_reports; // each its worker's
    std::unique_ptr<TelemetryClient> m_telemetry; // outlives the workers, which push into it
    LogFiles m_logFiles; // outlives the workers
    SpanExporters m_spanExporters; // likewise
    ConnectionLimit m_connectionLimit; // likewise
    std::unique_ptr<WorkerSet> m_workers;
    std::unique_ptr<AdsClient> m_ads;
    std::unique_ptr<AdminServer> m_admin;
    net::Timer m_drainTimer;
    net::Timer m_settledTimer;
    net::Timer m_filesTimer; // certificates that come from files
    net::Timer m_secondTimer;
    MemoryTrimmer m_trimmer;
    TimePoint m_drainEnds{};
    bool m_ready = false;
    bool m_healthy = true; // POST /healthcheck/fail
    bool m_draining = false;
    const TimePoint m_started;
    const WallTime m_startedAt;
    bool m_announced = false;
    std::atomic<bool> m_stale{false}; // running on the stored configuration
};

} // namespace meshyard::proxy
