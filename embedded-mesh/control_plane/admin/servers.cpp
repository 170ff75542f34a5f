// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/admin/servers.h"

#include "embedded-mesh/control_plane/admin/admin_service.h"
#include "embedded-mesh/control_plane/admin/admin_socket.h"
#include "embedded-mesh/control_plane/admin/mesh_controller.h"
#include "embedded-mesh/control_plane/admin/supervision_service.h"
#include "embedded-mesh/control_plane/telemetry/telemetry_service.h"
#include "embedded-mesh/control_plane/xds/ads_service.h"
#include "embedded-mesh/net/socket_address.h"

#include <fmt/format.h>
#include <grpcpp/grpcpp.h>

#include <chrono>

namespace meshyard::control_plane {
namespace {

using namespace std::chrono_literals;

constexpr int kLargestMessage = 64 << 20;

bool isUnix(const std::string& address)
{
    return address.starts_with("unix:");
}

Result<void> checkTcp(const std::string& address)
{
    auto parsed = net::SocketAddress::parse(address);
    if (!parsed)
        return tl::unexpected(parsed.error());
    if (!parsed->isLoopback())
        return failure(ErrorCode::InvalidArgument,
            fmt::format("{} is not a loopback address: serving others needs TLS, which is not "
                        "there yet",
                address));
    return {};
}

void setUp(grpc::ServerBuilder& builder)
{
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0); // a busy port is an error
    builder.AddChannelArgument(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    // Proxies ping idle streams to notice that we are gone.
    builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
    builder.SetMaxReceiveMessageSize(kLargestMessage);
    builder.SetMaxSendMessageSize(kLargestMessage);
}

Error cannotListen(const std::string& address)
{
    return {ErrorCode::AlreadyExists,
        fmt::format(
            "cannot listen at {}: the address is taken or not ours; choose another", address)};
}

std::string withPort(const std::string& address, int port)
{
    return fmt::format("{}:{}", address.substr(0, address.rfind(':')), port);
}

} // namespace

struct Servers::Private
{
    Private(MeshController& controller, const Clock& clock)
        : admin(controller)
        , observer(controller)
        , supervision(controller)
        , ads(controller.cache(), controller.tracker(), clock)
        , telemetry(controller.hub())
    {
    }

    AdminService admin;
    ObserverService observer;
    SupervisionService supervision;
    AdsService ads;
    TelemetryService telemetry;
    std::string adminAddress;
    std::string xdsAddress;
    std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
    std::unique_ptr<grpc::Server> adminServer;
    std::unique_ptr<grpc::Server> xdsServer;
    std::unique_ptr<AdminSocket> socket; // ends before its server

    Result<void> startAdmin(const std::string& address);
    Result<void> startXds(const std::string& address);
    Result<void> startTcp(
        grpc::ServerBuilder& builder, std::unique_ptr<grpc::Server>& server, std::string& address);
};

Result<void> Servers::Private::startTcp(
    grpc::ServerBuilder& builder, std::unique_ptr<grpc::Server>& server, std::string& address)
{
    if (auto checked = checkTcp(address); !checked)
        return checked;
    int port = 0;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
    server = builder.BuildAndStart();
    if (!server || port == 0)
        return tl::unexpected(cannotListen(address));
    address = withPort(address, port);
    return {};
}

Result<void> Servers::Private::startAdmin(const std::string& address)
{
    adminAddress = address;
    grpc::ServerBuilder builder;
    setUp(builder);
    builder.RegisterService(&admin);
    builder.RegisterService(&observer);
    builder.RegisterService(&supervision);
    if (!isUnix(address))
        return startTcp(builder, adminServer, adminAddress);
    auto listening = AdminSocket::listen(address.substr(5));
    if (!listening)
        return tl::unexpected(listening.error());
    socket = std::move(*listening);
    acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    adminServer = builder.BuildAndStart();
    if (!adminServer)
        return tl::unexpected(cannotListen(address));
    socket->start([this](net::Fd connection) {
        grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters parameters;
        parameters.listener_fd = -1;
        parameters.fd = connection.release();
        acceptor->HandleNewConnection(&parameters);
    });
    return {};
}

Result<void> Servers::Private::startXds(const std::string& address)
{
    xdsAddress = address;
    grpc::ServerBuilder builder;
    setUp(builder);
    builder.RegisterService(&ads);
    builder.RegisterService(&telemetry);
    if (!isUnix(address))
        return startTcp(builder, xdsServer, xdsAddress);
    if (auto prepared = prepareSocketPath(address.substr(5)); !prepared)
        return prepared;
    builder.AddListeningPort(address, grpc::InsecureServerCredentials());
    xdsServer = builder.BuildAndStart();
    if (!xdsServer)
        return tl::unexpected(cannotListen(address));
    return {};
}

Servers::Servers(std::unique_ptr<Private> parts)
    : d(std::move(parts))
{
}

Result<std::unique_ptr<Servers>> Servers::start(MeshController& controller, const Clock& clock,
    const std::string& admin, const std::string& xds)
{
    std::unique_ptr<Servers> servers(new Servers(std::make_unique<Private>(controller, clock)));
    if (auto started = servers->d->startXds(xds); !started)
        return tl::unexpected(started.error());
    controller.setXdsAddress(servers->d->xdsAddress);
    if (auto started = servers->d->startAdmin(admin); !started)
        return tl::unexpected(started.error());
    return servers;
}

Servers::~Servers()
{
    d->observer.close();
    if (d->socket)
        d->socket->stop();
    const auto deadline = std::chrono::system_clock::now() + 300ms;
    for (grpc::Server* server : {d->adminServer.get(), d->xdsServer.get()}) {
        if (server != nullptr)
            server->Shutdown(deadline);
    }
}

const std::string& Servers::adminAddress() const
{
    return d->adminAddress;
}

const std::string& Servers::xdsAddress() const
{
    return d->xdsAddress;
}

} // namespace meshyard::control_plane
