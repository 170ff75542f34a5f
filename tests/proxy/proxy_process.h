// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "wire_client.h"

#include <QJsonObject>
#include <QProcess>
#include <QTemporaryDir>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// A real meshyard-proxy on a bootstrap of its own, stopped when this goes.
class ProxyProcess
{
public:
    /// @param inChild runs in the new process before the program: limits.
    explicit ProxyProcess(const std::string& bootstrap, const QStringList& options = {},
        const std::function<void()>& inChild = {});
    ~ProxyProcess();

    /// Reads the ready line. @return false = it ended or said nothing for 10 s; see errors().
    bool waitReady();
    std::uint16_t port(const char* listener = "test") const;
    /// Body of an admin page.
    std::string admin(std::string_view path) const;
    /// POST without a body. @return the status.
    int postAdmin(std::string_view path) const;
    /// The answer to any request of the admin endpoint.
    WireReply adminReply(std::string_view method, std::string_view path,
        std::string_view host = "localhost") const;
    std::uint16_t adminPort() const;
    /// Value of a `name: value` line of /stats.
    long stat(std::string_view name) const;
    std::string errors();
    int waitEnd();
    QProcess& process() { return m_process; }

private:
    QTemporaryDir m_folder;
    QProcess m_process;
    QJsonObject m_ready;
};

/// `- {…}` texts for static_resources, in flow style.
std::string clusterText(
    std::string_view name, const std::vector<std::uint16_t>& ports, std::string_view extra = {});
std::string httpListenerText(std::string_view name, std::string_view routes,
    std::string_view extra = {}, std::string_view direction = "OUTBOUND");
std::string staticBootstrap(
    const std::vector<std::string>& listeners, const std::vector<std::string>& clusters);
