// SPDX-License-Identifier: GPL-3.0-or-later
//
// Starts a demo mesh and prints, as measured on its traffic:
//   control plane ready · demo graph live · trip → first rejection · reset → first answer ·
//   configuration applied → first changed answer
// Usage: bench_mesh [ROUNDS]. Exit 1 when the mesh did not come up.

#include "embedded-mesh/core/result.h"

#include "meshyard/v1/admin.grpc.pb.h"
#include "meshyard/v1/observer.grpc.pb.h"

#include <grpcpp/grpcpp.h>

#include <QCoreApplication>
#include <QElapsedTimer>
#include <QJsonDocument>
#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace v1 = meshyard::v1;
using Clock = std::chrono::steady_clock;

namespace {

/// One keep-alive connection that asks the same thing again and again.
class Caller
{
public:
    Caller(std::string host, std::uint16_t port, std::string authority)
        : m_request("GET /details/0 HTTP/1.1\r\nHost: " + authority + "\r\n\r\n")
    {
        m_address.sin_family = AF_INET;
        m_address.sin_port = htons(port);
        inet_pton(AF_INET, host.c_str(), &m_address.sin_addr);
    }
    ~Caller() { drop(); }
    Caller(const Caller&) = delete;
    Caller& operator=(const Caller&) = delete;

    /// @return the head of one answer; empty when the connection failed.
    std::string ask()
    {
        if (m_socket < 0 && !dial())
            return {};
        if (send(m_socket, m_request.data(), m_request.size(), MSG_NOSIGNAL) < 0) {
            drop();
            return {};
        }
        return readAnswer();
    }

private:
    bool dial()
    {
        m_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(m_socket, reinterpret_cast<const sockaddr*>(&m_address), sizeof m_address) == 0)
            return true;
        drop();
        return false;
    }

    void drop()
    {
        if (m_socket >= 0)
            close(m_socket);
        m_socket = -1;
    }

    std::string readAnswer()
    {
        std::string data;
        char buffer[16384];
        for (;;) {
            const std::size_t end = data.find("\r\n\r\n");
            if (end != std::string::npos && isWhole(data, end))
                return data.substr(0, end);
            const ssize_t n = recv(m_socket, buffer, sizeof buffer, 0);
            if (n <= 0) {
                drop();
                return end == std::string::npos ? std::string() : data.substr(0, end);
            }
            data.append(buffer, static_cast<std::size_t>(n));
        }
    }

    static bool isWhole(const std::string& data, std::size_t headEnd)
    {
        std::string head = data.substr(0, headEnd);
        std::transform(head.begin(), head.end(), head.begin(),
            [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        const std::size_t length = head.find("content-length:");
        if (length != std::string::npos)
            return data.size() >= headEnd + 4 + std::stoul(head.substr(length + 15));
        if (head.find("transfer-encoding: chunked") != std::string::npos)
            return data.size() >= 5 && data.compare(data.size() - 5, 5, "0\r\n\r\n") == 0;
        return true;
    }

    std::string m_request;
    sockaddr_in m_address{};
    int m_socket = -1;
};

bool isStatus(const std::string& head, const char* status)
{
    return head.compare(0, 9, "HTTP/1.1 ") == 0 && head.compare(9, 3, status) == 0;
}

/// Milliseconds until an answer of this status, asking back to back; nullopt after 5 s.
std::optional<double> untilStatus(Caller& caller, const char* status, Clock::time_point from)
{
    const auto deadline = from + std::chrono::seconds(5);
    while (Clock::now() < deadline) {
        if (isStatus(caller.ask(), status))
            return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
    }
    return std::nullopt;
}

void print(const char* what, std::vector<double> values)
{
    if (values.empty()) {
        std::printf("%-44s no result\n", what);
        return;
    }
    std::sort(values.begin(), values.end());
    std::printf("%-44s median %7.2f ms   min %7.2f   max %7.2f   n %zu\n", what,
        values[values.size() / 2], values.front(), values.back(), values.size());
    std::fflush(stdout);
}

struct Mesh
{
    QTemporaryDir folder;
    QProcess process;
    QJsonObject ready;
    double readyMs = 0;
    std::unique_ptr<v1::MeshAdmin::Stub> admin;
    std::unique_ptr<v1::MeshObserver::Stub> observer;

    bool start()
    {
        QElapsedTimer timer;
        timer.start();
        const QString address
            = QStringLiteral("unix:") + folder.filePath(QStringLiteral("admin.sock"));
        process.setProcessChannelMode(QProcess::ForwardedErrorChannel);
        process.start(QStringLiteral(MESHYARD_BIN_DIR "/meshyardd"),
            {QStringLiteral("--data-dir"), folder.filePath(QStringLiteral("data")),
                QStringLiteral("--demo"), QStringLiteral("--admin"), address,
                QStringLiteral("--xds"),
                QStringLiteral("unix:") + folder.filePath(QStringLiteral("xds.sock"))});
        while (!process.canReadLine()) {
            if (!process.waitForReadyRead(60'000))
                return false;
        }
        readyMs = static_cast<double>(timer.elapsed());
        ready = QJsonDocument::fromJson(process.readLine()).object();
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
        const auto channel = grpc::CreateCustomChannel(
            address.toStdString(), grpc::InsecureChannelCredentials(), arguments);
        admin = v1::MeshAdmin::NewStub(channel);
        observer = v1::MeshObserver::NewStub(channel);
        return true;
    }

    /// Milliseconds since `timer` until at least `wanted` production edges carry traffic.
    std::optional<double> untilEdges(const QElapsedTimer& timer, int wanted)
    {
        while (timer.elapsed() < 60'000) {
            grpc::ClientContext context;
            v1::ListEdgesRequest request;
            request.set_namespace_("production");
            v1::ListEdgesResponse response;
            int busy = 0;
            if (observer->ListEdges(&context, request, &response).ok()) {
                for (const v1::EdgeFigures& edge : response.edges())
                    busy += edge.outcomes().ok() > 0 ? 1 : 0;
            }
            if (busy >= wanted)
                return static_cast<double>(timer.elapsed());
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        return std::nullopt;
    }

    ~Mesh()
    {
        process.terminate();
        if (!process.waitForFinished(15'000))
            process.kill();
    }
};

v1::EdgeSelector productpageToDetails()
{
    v1::EdgeSelector edge;
    edge.set_source_namespace("production");
    edge.set_source_service("productpage");
    edge.set_destination_namespace("production");
    edge.set_destination_service("details");
    return edge;
}

void benchTrip(Mesh& mesh, Caller& caller, int rounds)
{
    std::vector<double> trip;
    std::vector<double> reset;
    for (int round = 0; round < rounds; ++round) {
        if (!untilStatus(caller, "200", Clock::now()))
            return;
        const auto act = [&](bool open) {
            grpc::ClientContext context;
            v1::SetOverrideResponse response;
            if (open) {
                v1::SetOverrideRequest request;
                *request.mutable_edge() = productpageToDetails();
                request.set_kind(v1::FORCED_OPEN);
                request.set_ttl_ms(60'000);
                return mesh.admin->SetOverride(&context, request, &response).ok();
            }
            v1::ResetBreakerRequest request;
            *request.mutable_edge() = productpageToDetails();
            return mesh.admin->ResetBreaker(&context, request, &response).ok();
        };
        for (const bool open : {true, false}) {
            const auto from = Clock::now();
            std::thread operatorThread([&] { act(open); });
            const auto took = untilStatus(caller, open ? "503" : "200", from);
            operatorThread.join();
            if (took)
                (open ? trip : reset).push_back(*took);
        }
    }
    print("trip -> first rejection", trip);
    print("reset -> first answer", reset);
}

void benchApply(Mesh& mesh, Caller& caller, int rounds)
{
    std::vector<double> times;
    for (int round = 0; round < rounds; ++round) {
        const std::string status = std::to_string(520 + round % 10);
        v1::ApplyRequest request;
        v1::DocumentText* document = request.add_documents();
        document->set_name("bench.yaml");
        document->set_text("apiVersion: networking.istio.io/v1\nkind: VirtualService\n"
                           "metadata: {name: details, namespace: production}\n"
                           "spec:\n  hosts: [details]\n  http:\n"
                           "  - fault: {abort: {httpStatus: "
            + status
            + ", percentage: {value: 100}}}\n    route: [{destination: {host: details}}]\n");
        const auto from = Clock::now();
        std::string error;
        std::thread operatorThread([&] {
            grpc::ClientContext context;
            v1::ApplyResponse response;
            const grpc::Status done = mesh.admin->Apply(&context, request, &response);
            if (!done.ok())
                error = done.error_message();
        });
        const auto took = untilStatus(caller, status.c_str(), from);
        operatorThread.join();
        if (!error.empty())
            std::printf("apply: %s\n", error.c_str());
        if (took)
            times.push_back(*took);
    }
    print("configuration applied -> first changed answer", times);
}

} // namespace

int main(int argc, char** argv)
{
    const QCoreApplication app(argc, argv);
    const int rounds = argc > 1 ? std::max(1, std::atoi(argv[1])) : 20;
    Mesh mesh;
    QElapsedTimer timer;
    timer.start();
    if (!mesh.start()) {
        std::printf("the mesh did not come up within 60 s\n");
        return 1;
    }
    std::printf("%-44s %7.0f ms\n", "meshyardd started -> ready line", mesh.readyMs);
    const auto live = mesh.untilEdges(timer, 8);
    std::printf(
        "%-44s %7.0f ms\n", "meshyardd started -> 8 edges carry traffic", live.value_or(-1));
    const QJsonObject proxies = mesh.ready[QStringLiteral("proxies")].toObject();
    const QString outbound = proxies[QStringLiteral("productpage-v1-a")]
                                 .toObject()[QStringLiteral("outbound")]
                                 .toString();
    const qsizetype colon = outbound.lastIndexOf(u':');
    if (colon < 0) {
        std::printf("no outbound address of productpage-v1-a in the ready line\n");
        return 1;
    }
    Caller caller(outbound.left(colon).toStdString(),
        static_cast<std::uint16_t>(outbound.mid(colon + 1).toUShort()), "details:9080");
    benchTrip(mesh, caller, rounds);
    benchApply(mesh, caller, rounds);
    return 0;
}
