// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/mesh_fixture.h"

#include "embedded-mesh/core/latency_sketch.h"

#include <arpa/inet.h>
#include <grpcpp/grpcpp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <QDir>
#include <QElapsedTimer>
#include <QFile>
#include <QJsonDocument>

#include <algorithm>
#include <array>
#include <csignal>
#include <sstream>

namespace meshyard::test {
namespace {

constexpr int kReadyPatienceMs = 40'000;
constexpr int kStopPatienceMs = 25'000;
const QString kBinDir = QStringLiteral(MESHYARD_BIN_DIR "/");

int dial(const std::string& hostPort)
{
    const std::size_t colon = hostPort.rfind(':');
    if (colon == std::string::npos)
        return -1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(std::stoul(hostPort.substr(colon + 1))));
    inet_pton(AF_INET, hostPort.substr(0, colon).c_str(), &address.sin_addr);
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval patience{15, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    // The sockets API takes every family through one pointer type.
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0)
        return fd;
    ::close(fd);
    return -1;
}

std::string askOnce(const std::string& hostPort, const std::string& request)
{
    const int fd = dial(hostPort);
    if (fd < 0)
        return {};
    std::string answer;
    if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL)
        == static_cast<ssize_t>(request.size())) {
        std::array<char, 16384> buffer{};
        ssize_t got = 0;
        while ((got = ::recv(fd, buffer.data(), buffer.size(), 0)) > 0)
            answer.append(buffer.data(), static_cast<std::size_t>(got));
    }
    ::close(fd);
    return answer;
}

std::string nodeText(const v1::NodeKey& node)
{
    return node.version().empty() ? node.service() : node.service() + "@" + node.version();
}

Error errorOf(const grpc::Status& status)
{
    return {static_cast<ErrorCode>(status.error_code()), status.error_message()};
}

void setDeadline(grpc::ClientContext& context)
{
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(10));
}

} // namespace

HttpAnswer httpGet(const std::string& hostPort, const std::string& path,
    const std::map<std::string, std::string>& headers, const std::string& method)
{
    std::string request = method + " " + path + " HTTP/1.1\r\nConnection: close\r\n";
    if (!headers.contains("Host"))
        request += "Host: " + hostPort + "\r\n";
    if (method != "GET")
        request += "Content-Length: 0\r\n";
    for (const auto& [name, value] : headers)
        request += name + ": " + value + "\r\n";
    std::istringstream text(askOnce(hostPort, request + "\r\n"));
    HttpAnswer answer;
    std::string version;
    text >> version >> answer.status;
    std::string line;
    std::getline(text, line);
    while (std::getline(text, line) && line != "\r") {
        const std::size_t colon = line.find(": ");
        if (colon == std::string::npos)
            continue;
        std::string name = line.substr(0, colon);
        std::transform(name.begin(), name.end(), name.begin(),
            [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        answer.headers[name] = line.substr(colon + 2, line.size() - colon - 3);
    }
    answer.body.assign(std::istreambuf_iterator<char>(text), {});
    return answer;
}

MeshFixture::MeshFixture() = default;

MeshFixture::~MeshFixture()
{
    stop();
}

std::string MeshFixture::address() const
{
    return "unix:" + m_folder.filePath(QStringLiteral("admin.sock")).toStdString();
}

Result<void> MeshFixture::start(const QStringList& options)
{
    QStringList arguments{QStringLiteral("--data-dir"), m_folder.filePath(QStringLiteral("data")),
        QStringLiteral("--admin"), QString::fromStdString(address()), QStringLiteral("--xds"),
        QStringLiteral("unix:") + m_folder.filePath(QStringLiteral("xds.sock"))};
    m_daemon.setStandardErrorFile(m_folder.filePath(QStringLiteral("log")), QIODevice::Append);
    m_daemon.start(kBinDir + QStringLiteral("meshyardd"), arguments + options);
    QElapsedTimer timer;
    timer.start();
    while (!m_daemon.canReadLine()) {
        const auto left = static_cast<int>(kReadyPatienceMs - timer.elapsed());
        if (left <= 0 || !m_daemon.waitForReadyRead(left))
            return failure(ErrorCode::DeadlineExceeded, "no ready line; " + log().toStdString());
    }
    m_ready = QJsonDocument::fromJson(m_daemon.readLine()).object();
    grpc::ChannelArguments channelArguments;
    channelArguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    channelArguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    channelArguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 200);
    const auto channel = grpc::CreateCustomChannel(
        address(), grpc::InsecureChannelCredentials(), channelArguments);
    m_admin = v1::MeshAdmin::NewStub(channel);
    m_observer = v1::MeshObserver::NewStub(channel);
    return {};
}

int MeshFixture::stop()
{
    if (m_daemon.state() == QProcess::NotRunning)
        return m_daemon.exitCode();
    m_daemon.terminate();
    if (!m_daemon.waitForFinished(kStopPatienceMs)) {
        m_daemon.kill();
        m_daemon.waitForFinished();
    }
    return m_daemon.exitCode();
}

QString MeshFixture::log() const
{
    QFile file(m_folder.filePath(QStringLiteral("log")));
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll().right(4000))
                                          : QString();
}

std::string MeshFixture::gateway() const
{
    return m_ready.value(QLatin1String("gateway")).toString().toStdString();
}

std::string MeshFixture::knobs(const std::string& instance) const
{
    return m_ready.value(QLatin1String("workloads"))
        .toObject()
        .value(QString::fromStdString(instance))
        .toObject()
        .value(QLatin1String("knobs"))
        .toString()
        .toStdString();
}

std::string MeshFixture::outbound(const std::string& instance) const
{
    return m_ready.value(QLatin1String("proxies"))
        .toObject()
        .value(QString::fromStdString(instance))
        .toObject()
        .value(QLatin1String("outbound"))
        .toString()
        .toStdString();
}

std::int64_t MeshFixture::controlPlanePid() const
{
    return m_ready.value(QLatin1String("pid")).toInteger();
}

bool MeshFixture::turn(const std::string& instance, const std::string& query) const
{
    return httpGet(knobs(instance), "/knobs?" + query, {}, "PUT").status == 200;
}

QJsonObject MeshFixture::counters(const std::string& instance) const
{
    const HttpAnswer answer = httpGet(knobs(instance), "/counters");
    return QJsonDocument::fromJson(QByteArray::fromStdString(answer.body)).object();
}

void MeshFixture::resetCounters(const std::string& instance) const
{
    httpGet(knobs(instance), "/counters/reset", {}, "POST");
}

std::map<std::string, v1::EdgeFigures> MeshFixture::edges(
    std::uint32_t windowS, const std::string& ns)
{
    grpc::ClientContext context;
    setDeadline(context);
    v1::ListEdgesRequest request;
    request.set_window_s(windowS);
    request.set_namespace_(ns);
    v1::ListEdgesResponse response;
    std::map<std::string, v1::EdgeFigures> edges;
    if (!m_observer->ListEdges(&context, request, &response).ok())
        return edges;
    for (const v1::EdgeFigures& figures : response.edges()) {
        const v1::EdgeKey& key = figures.edge().key();
        std::string name = nodeText(key.source()) + " -> " + nodeText(key.destination());
        if (!key.subset().empty() && key.subset() != "*")
            name += "/" + key.subset();
        edges[name] = figures;
    }
    return edges;
}

Result<v1::ApplyResponse> MeshFixture::applyFile(const QString& path)
{
    QFile file(path);
    if (!file.open(QIODevice::ReadOnly))
        return failure(ErrorCode::NotFound, "cannot read " + path.toStdString());
    grpc::ClientContext context;
    setDeadline(context);
    v1::ApplyRequest request;
    v1::DocumentText& document = *request.add_documents();
    document.set_name(path.toStdString());
    document.set_text(file.readAll().toStdString());
    request.set_author("test");
    v1::ApplyResponse response;
    const grpc::Status status = m_admin->Apply(&context, request, &response);
    if (!status.ok())
        return tl::unexpected(errorOf(status));
    return response;
}

Result<v1::ApplyResponse> MeshFixture::undo()
{
    grpc::ClientContext context;
    setDeadline(context);
    v1::ApplyResponse response;
    const grpc::Status status = m_admin->Undo(&context, v1::UndoRequest(), &response);
    if (!status.ok())
        return tl::unexpected(errorOf(status));
    return response;
}

MeshFixture::CommandOutput MeshFixture::ctl(const QStringList& arguments, int patienceMs) const
{
    QProcess process;
    process.start(kBinDir + QStringLiteral("meshyardctl"),
        QStringList{QStringLiteral("--connect"), QString::fromStdString(address())} + arguments);
    CommandOutput output;
    if (process.waitForFinished(patienceMs))
        output.exitCode = process.exitCode();
    else
        process.kill();
    process.waitForFinished();
    output.out = process.readAllStandardOutput();
    output.err = process.readAllStandardError();
    return output;
}

QStringList MeshFixture::processes() const
{
    QStringList found;
    const QByteArray folder = m_folder.path().toUtf8();
    for (const QString& pid : QDir(QStringLiteral("/proc")).entryList(QDir::Dirs)) {
        QFile commandLine(QStringLiteral("/proc/%1/cmdline").arg(pid));
        if (pid.toInt() == 0 || pid.toInt() == ::getpid() || !commandLine.open(QIODevice::ReadOnly))
            continue;
        const QByteArray text = commandLine.readAll();
        if (text.contains(folder))
            found.append(QString::fromUtf8(text).replace(QChar(0), QChar(u' ')));
    }
    return found;
}

std::uint64_t finishedCalls(const v1::Outcomes& o)
{
    return std::uint64_t{o.ok()} + o.client_errors() + o.server_errors() + o.connect_errors()
        + o.timeouts() + o.rejected() + o.limited() + o.no_endpoint() + o.faults() + o.cancelled();
}

double quantileMs(const v1::Sketch& sketch, double quantile)
{
    LatencySketch merged;
    std::size_t bucket = 0;
    for (int i = 0; i < sketch.counts_size(); ++i) {
        bucket += sketch.bucket_deltas(i);
        merged.addToBucket(bucket, sketch.counts(i));
    }
    merged.setSumAndMax(sketch.sum_us(), sketch.max_us());
    return merged.quantileMicros(quantile).value_or(0) / 1000.0;
}

} // namespace meshyard::test
