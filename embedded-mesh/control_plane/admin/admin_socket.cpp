// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/admin/admin_socket.h"

#include <fmt/format.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace meshyard::control_plane {
namespace {

sockaddr_un addressOf(const std::string& path)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::copy(path.begin(), path.end(), address.sun_path);
    return address;
}

// The sockets API takes every family through one pointer type.
const sockaddr* plain(const sockaddr_un& address)
{
    return reinterpret_cast<const sockaddr*>(&address);
}

bool answers(const std::string& path)
{
    const net::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_un address = addressOf(path);
    return fd.isOpen() && ::connect(fd.get(), plain(address), sizeof(address)) == 0;
}

} // namespace

Result<void> prepareSocketPath(const std::string& path)
{
    if (path.empty() || path.size() > sizeof(sockaddr_un::sun_path) - 1)
        return failure(ErrorCode::InvalidArgument,
            fmt::format("the socket path {} is longer than 107 bytes: choose a shorter one", path));
    const std::filesystem::path folder = std::filesystem::path(path).parent_path();
    std::error_code error;
    if (!folder.empty() && std::filesystem::create_directories(folder, error))
        ::chmod(folder.c_str(), 0700);
    if (error)
        return failure(ErrorCode::PermissionDenied,
            fmt::format("cannot create the folder {}: {}", folder.string(), error.message()));
    if (answers(path))
        return failure(ErrorCode::AlreadyExists,
            fmt::format("another mesh answers at {}: stop it, or choose another address", path));
    ::unlink(path.c_str());
    return {};
}

AdminSocket::AdminSocket(std::string path, net::Fd listener, net::Fd stopper)
    : m_path(std::move(path))
    , m_listener(std::move(listener))
    , m_stopper(std::move(stopper))
{
}

Result<std::unique_ptr<AdminSocket>> AdminSocket::listen(const std::string& path)
{
    if (auto prepared = prepareSocketPath(path); !prepared)
        return tl::unexpected(prepared.error());
    net::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const sockaddr_un address = addressOf(path);
    if (!fd.isOpen() || ::bind(fd.get(), plain(address), sizeof(address)) != 0
        || ::chmod(path.c_str(), 0600) != 0 || ::listen(fd.get(), 128) != 0)
        return failure(ErrorCode::PermissionDenied,
            fmt::format("cannot listen at {}: {}", path, std::strerror(errno)));
    return std::unique_ptr<AdminSocket>(
        new AdminSocket(path, std::move(fd), net::Fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))));
}

AdminSocket::~AdminSocket()
{
    stop();
    ::unlink(m_path.c_str());
}

void AdminSocket::start(Handler handler)
{
    m_handler = std::move(handler);
    m_thread = std::thread([this] { run(); });
}

void AdminSocket::stop()
{
    if (!m_thread.joinable())
        return;
    const std::uint64_t one = 1;
    const ssize_t ignored = ::write(m_stopper.get(), &one, sizeof(one));
    static_cast<void>(ignored);
    m_thread.join();
}

void AdminSocket::run()
{
    for (;;) {
        std::array<pollfd, 2> fds{{{m_listener.get(), POLLIN, 0}, {m_stopper.get(), POLLIN, 0}}};
        ::poll(fds.data(), fds.size(), -1);
        if (fds[1].revents != 0)
            return;
        if (fds[0].revents != 0)
            acceptOne();
    }
}

void AdminSocket::acceptOne()
{
    net::Fd connection(::accept4(m_listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!connection.isOpen()) {
        if (errno == EMFILE || errno == ENFILE)
            std::this_thread::sleep_for(std::chrono::milliseconds(50)); // until others close
        return;
    }
    ucred peer{};
    socklen_t size = sizeof(peer);
    const bool known = ::getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    if (!known || (peer.uid != ::getuid() && peer.uid != 0)) {
        spdlog::warn("refused a process of user {} at {}", peer.uid, m_path);
        return;
    }
    m_handler(std::move(connection));
}

} // namespace meshyard::control_plane
