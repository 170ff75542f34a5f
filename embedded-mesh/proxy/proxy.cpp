// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/proxy.h"

#include "embedded-mesh/proxy/bootstrap/state_file.h"
#include "embedded-mesh/proxy/resident_code.h"
#include "embedded-mesh/proxy/telemetry/admin_pages.h"
#include "embedded-mesh/proxy/telemetry/config_dump.h"
#include "embedded-mesh/proxy/telemetry/json_text.h"
#include "embedded-mesh/proxy/telemetry/report_merge.h"

#include "envoy/extensions/resource_monitors/downstream_connections/v3/downstream_connections.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"

#include <google/protobuf/util/json_util.h>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <spdlog/spdlog.h>

#include <malloc.h>
#include <unistd.h>

#include <cstdio>
#include <random>

namespace meshyard::proxy {

namespace {

constexpr auto kDrainPoll = std::chrono::milliseconds(50);
constexpr auto kLastReportPatience = std::chrono::milliseconds(300);
constexpr auto kSecond = std::chrono::seconds(1);
constexpr auto kAskedPatience = std::chrono::seconds(30);
constexpr auto kFilesPoll = std::chrono::seconds(1);
constexpr auto kSettled = std::chrono::seconds(3);
constexpr int kMaxMessage = 64 * 1024 * 1024;

} // namespace

Proxy::Proxy(net::EventLoop& mainLoop, ProxyOptions options)
    : m_loop(mainLoop)
    , m_options(std::move(options))
    , m_store(mainLoop.clock())
    , m_drainTimer(mainLoop.timers(), [this] { finishDrain(); })
    , m_settledTimer(mainLoop.timers(), [] { dropStartupCode(); })
    , m_filesTimer(mainLoop.timers(), [this] { refreshFiles(); })
    , m_secondTimer(mainLoop.timers(), [this] { everySecond(); })
    , m_started(mainLoop.clock().now())
    , m_startedAt(mainLoop.clock().system())
{
}

Proxy::~Proxy() = default;

Result<void> Proxy::start()
{
    if (auto read = readConfiguration(); !read)
        return read;
    if (auto read = readOverloadRules(); !read)
        return read;
    startWorkers();
    m_secondTimer.armAfter(kSecond);
    if (auto applied = m_workers->apply(m_store.snapshot()); !applied)
        return applied;
    if (auto opened = openAdmin(); !opened)
        return opened;
    if (m_controlPlane.empty() || m_stale)
        announceReady();
    if (m_channel)
        connect(m_controlPlane);
    m_settledTimer.armAfter(kSettled);
    m_filesTimer.armAfter(kFilesPoll);
    return {};
}

Result<void> Proxy::readConfiguration()
{
    auto bootstrap = readBootstrap(m_options.bootstrapPath);
    if (!bootstrap)
        return tl::unexpected(bootstrap.error());
    m_bootstrap = std::move(*bootstrap);
    const auto target = controlPlaneOf(m_bootstrap);
    if (!target)
        return tl::unexpected(target.error());
    m_controlPlane = target->address;
    if (!m_controlPlane.empty() && m_bootstrap.node().id().empty())
        return failure(ErrorCode::InvalidArgument, "node.id is empty: a control plane needs one");
    if (auto loaded = m_store.loadStatic(m_bootstrap); !loaded)
        return loaded;
    if (!m_controlPlane.empty() && !m_options.stateDir.empty()) {
        const auto stored = loadState(m_store, m_options.stateDir);
        m_stale = stored.has_value();
        if (!stored && stored.error().code != ErrorCode::NotFound)
            spdlog::warn("stored configuration is left out: {}", stored.error().message);
    }
    for (const std::string& warning : m_store.takeWarnings())
        spdlog::warn("{}", warning);
    return {};
}

void Proxy::startWorkers()
{
    std::random_device random;
    if (!m_controlPlane.empty()) {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
        arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
        arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
        arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000);
        arguments.SetMaxReceiveMessageSize(kMaxMessage);
        m_channel = grpc::CreateCustomChannel(
            m_controlPlane, grpc::InsecureChannelCredentials(), arguments);
        m_telemetry = std::make_unique<TelemetryClient>(
            m_loop.clock(), m_channel, fmt::format("{:08x}{:08x}", random(), random()));
    }
    const std::uint64_t seed = (std::uint64_t{random()} << 32) | random();
    const WorkerSet::Plan plan{m_bootstrap.node().id(), seed, m_options.concurrency,
        &m_logFiles, m_connectionLimit.max > 0 ? &m_connectionLimit : nullptr, &m_spanExporters};
    m_reports.resize(plan.count);
    m_workers = std::make_unique<WorkerSet>(
        m_loop.clock(), plan, [this](const std::string& cluster, const BreakerEvent& event) {
            spdlog::info("breaker of {}: {} -> {} ({}{}{})", cluster, breakerStateName(event.from),
                breakerStateName(event.to), breakerCauseName(event.cause),
                event.overrideKind == OverrideKind::None ? "" : ", ",
                overrideKindName(event.overrideKind));
            if (m_telemetry && !cluster.starts_with("inbound|"))
                m_telemetry->push(
                    transitionReport(m_bootstrap.node().id(), m_loop.clock(), cluster, event));
        });
}

void Proxy::everySecond()
{
    m_secondTimer.armAfter(kSecond);
    m_trimmer.tick(m_loop.now());
    if (m_telemetry)
        report();
}

/// Envoy's two ways to bound connections: the resource monitor, and the older runtime key.
Result<void> Proxy::readOverloadRules()
{
    using Monitor = envoy::extensions::resource_monitors::downstream_connections::v3::
        DownstreamConnectionsConfig;
    std::int64_t limit = 0;
    for (const auto& layer : m_bootstrap.layered_runtime().layers()) {
        const auto& fields = layer.static_layer().fields();
        const auto found = fields.find("overload.global_downstream_max_connections");
        if (found != fields.end())
            limit = static_cast<std::int64_t>(found->second.number_value());
    }
    for (const auto& monitor : m_bootstrap.overload_manager().resource_monitors()) {
        Monitor config;
        if (!monitor.typed_config().UnpackTo(&config))
            return failure(ErrorCode::InvalidArgument,
                "overload_manager: resource monitor '" + monitor.name() + "' is not supported");
        limit = config.max_active_downstream_connections();
        if (limit <= 0)
            return failure(ErrorCode::InvalidArgument,
                "overload_manager: max_active_downstream_connections must be above 0");
    }
    m_connectionLimit.max
        = static_cast<std::uint32_t>(std::clamp<std::int64_t>(limit, 0, UINT32_MAX));
    return {};
}

/// Each worker closes its second; whoever is last puts the parts together.
void Proxy::report()
{
    const auto parts = std::make_shared<std::vector<v1::ProxyReport>>(m_workers->count());
    m_workers->postEach(
        [this, parts](Worker& worker, unsigned index) {
            (*parts)[index] = m_reports[index].take(worker.context());
        },
        [this, parts] { m_telemetry->push(mergeReports(std::move(*parts))); });
}

Figures Proxy::figures()
{
    Figures figures;
    m_workers->callEach([&](Worker& worker) { figures.add(worker); });
    figures.live = state() == "LIVE";
    figures.uptimeSeconds = static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::seconds>(m_loop.clock().now() - m_started).count());
    const struct mallinfo2 memory = ::mallinfo2();
    figures.memoryAllocated = memory.uordblks + memory.hblkhd;
    figures.connectionsRefused = m_connectionLimit.refused;
    figures.spansSent = m_spanExporters.sent();
    figures.spansDropped = m_spanExporters.dropped();
    figures.logLinesWritten = m_logFiles.written();
    figures.logLinesDropped = m_logFiles.dropped();
    return figures;
}

/// Polled, not told of: a file may hang behind symbolic links that are swapped above it.
void Proxy::refreshFiles()
{
    m_filesTimer.armAfter(kFilesPoll);
    const auto lock = m_ads ? m_ads->lock() : std::unique_lock<std::mutex>();
    if (!m_store.watchesFiles())
        return;
    const bool changed = m_store.refreshFiles();
    std::shared_ptr<const ConfigSnapshot> snapshot = changed ? m_store.snapshot() : nullptr;
    for (const std::string& warning : m_store.takeWarnings())
        spdlog::warn("{}", warning);
    if (!changed)
        return;
    if (const auto applied = m_workers->apply(std::move(snapshot)); !applied)
        spdlog::warn("new secrets of files: {}", applied.error().message);
    else
        spdlog::info("new secrets of files are in force");
}

void Proxy::connect(const std::string& address)
{
    spdlog::info("configuration from {}", address);
    m_bootstrap.mutable_node()->set_user_agent_name("meshyard-proxy");
    m_ads = std::make_unique<AdsClient>(
        m_loop.clock(), m_channel, m_bootstrap.node(), m_store,
        [this](std::shared_ptr<const ConfigSnapshot> snapshot) {
            return m_workers->apply(std::move(snapshot));
        },
        [this](bool complete) { onConfigurationChanged(complete); });
}

void Proxy::onConfigurationChanged(bool complete)
{
    if (!complete) // on the thread of the configuration stream
        return;
    if (!m_options.stateDir.empty()) {
        if (const auto saved = saveState(m_store, m_options.stateDir); !saved)
            spdlog::warn("{}", saved.error().message);
    }
    m_stale = false;
    m_loop.post([this] {
        if (!m_announced)
            announceReady();
    });
}

Result<void> Proxy::openAdmin()
{
    const std::string text = m_options.adminAddress.empty()
        ? addressText(m_bootstrap.admin().address())
        : m_options.adminAddress;
    if (text.empty())
        return {};
    const auto address = net::SocketAddress::parse(text);
    if (!address)
        return tl::unexpected(address.error());
    if (!address->isLoopback())
        return failure(ErrorCode::PermissionDenied,
            "admin address " + text + " is not loopback: the endpoint has no access control");
    auto server = AdminServer::listen(m_loop, *address, *this);
    if (!server)
        return tl::unexpected(server.error());
    m_admin = std::move(*server);
    return {};
}

void Proxy::announceReady()
{
    m_ready = m_announced = true;
    const std::string line = fmt::format(
        R"({{"event":"ready","admin":{},"listeners":{},"pid":{}}})",
        jsonQuoted(m_admin ? m_admin->address().toString() : std::string()), listeners(), ::getpid());
    std::puts(line.c_str());
    std::fflush(stdout);
}

std::string Proxy::configDump()
{
    const auto lock = m_ads ? m_ads->lock() : std::unique_lock<std::mutex>();
    return configDumpJson(
        m_bootstrap, m_store, {m_ads && m_ads->isConnected(), m_stale.load(), m_startedAt});
}

std::string Proxy::listeners()
{
    std::string json;
    m_workers->callOwner([&](Worker& worker) { json = listenersJson(worker); });
    return json;
}

std::string_view Proxy::state() const
{
    if (m_draining || !m_healthy)
        return "DRAINING";
    return m_ready ? "LIVE" : "PRE_INITIALIZING";
}

OwnIdentity Proxy::identity() const
{
    const auto& node = m_bootstrap.node();
    OwnIdentity own;
    own.nodeId = node.id();
    own.service = node.cluster();
    const auto& fields = node.metadata().fields();
    if (const auto ns = fields.find("NAMESPACE"); ns != fields.end())
        own.ns = ns->second.string_value();
    if (const auto version = fields.find("VERSION"); version != fields.end())
        own.version = version->second.string_value();
    return own;
}

std::string Proxy::serverInfo()
{
    using std::chrono::duration_cast;
    const auto uptime
        = duration_cast<std::chrono::seconds>(m_loop.clock().now() - m_started).count();
    std::string node;
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    if (!google::protobuf::util::MessageToJsonString(m_bootstrap.node(), &node, options).ok())
        node = "{}";
    return fmt::format(R"({{"version":"meshyard-proxy/{}","state":"{}",)"
                       R"("uptime_current_epoch":"{}s","uptime_all_epochs":"{}s",)"
                       R"("hot_restart_version":"disabled",)"
                       R"("command_line_options":{{"concurrency":{},"config_path":{}}},)"
                       R"("node":{}}})"
                       "\n",
        m_options.version, state(), uptime, uptime, m_options.concurrency,
        jsonQuoted(m_options.bootstrapPath), node);
}

void Proxy::drainListeners()
{
    m_draining = true;
    m_workers->callEach([](Worker& worker) { worker.drain(); });
}

void Proxy::drainAndExit()
{
    drain(kAskedPatience);
}

void Proxy::drain(std::chrono::milliseconds patience)
{
    m_draining = true;
    m_drainEnds = m_loop.clock().now() + patience;
    m_workers->callEach([](Worker& worker) { worker.drain(); });
    m_drainTimer.armAfter(kDrainPoll);
}

void Proxy::finishDrain()
{
    std::uint32_t connections = 0;
    m_workers->callEach(
        [&](Worker& worker) { connections += worker.context().downstreamConnections; });
    if (connections == 0 || m_loop.clock().now() >= m_drainEnds) {
        if (m_telemetry) { // the calls of a program that ran for a moment count, too
            std::vector<v1::ProxyReport> parts;
            m_workers->callEach([&](Worker& worker) {
                parts.push_back(m_reports[parts.size()].take(worker.context()));
            });
            m_telemetry->push(mergeReports(std::move(parts)));
            m_telemetry->flush(kLastReportPatience);
        }
        if (connections > 0)
            spdlog::warn("{} connections did not end in time and are cut", connections);
        return m_loop.stop();
    }
    m_drainTimer.armAfter(kDrainPoll);
}

} // namespace meshyard::proxy
