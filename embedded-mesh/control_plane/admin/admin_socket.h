// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/fd.h"

#include <functional>
#include <memory>
#include <string>
#include <thread>

namespace meshyard::control_plane {

/// The Unix socket of the admin API: lets only processes of our own user (and root) in.
///
/// gRPC's own listener does not tell who is at the other end, so we accept ourselves.
/// Thread: one of its own.
class AdminSocket final
{
public:
    using Handler = std::function<void(net::Fd connection)>;

    /// Replaces a socket that a killed process left behind.
    /// @return AlreadyExists when somebody answers there, PermissionDenied for the folder.
    static Result<std::unique_ptr<AdminSocket>> listen(const std::string& path);
    ~AdminSocket();
    AdminSocket(const AdminSocket&) = delete;
    AdminSocket& operator=(const AdminSocket&) = delete;

    /// Starts to accept; `handler` is called on our thread.
    void start(Handler handler);
    void stop();

private:
    AdminSocket(std::string path, net::Fd listener, net::Fd stopper);
    void run();
    void acceptOne();

    const std::string m_path;
    net::Fd m_listener;
    net::Fd m_stopper;
    Handler m_handler;
    std::thread m_thread;
};

/// Creates the folder of a socket, 0700, and makes sure that nobody answers at `path`.
Result<void> prepareSocketPath(const std::string& path);

} // namespace meshyard::control_plane
