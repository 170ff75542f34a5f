// SPDX-License-Identifier: GPL-3.0-or-later
#include "proxy_process.h"

#include <QFile>
#include <QJsonDocument>

#include <cstdlib>

ProxyProcess::ProxyProcess(const std::string& bootstrap, const QStringList& options,
    const std::function<void()>& inChild)
{
    if (inChild)
        m_process.setChildProcessModifier(inChild);
    const QString path = m_folder.filePath(QStringLiteral("bootstrap.yaml"));
    QFile file(path);
    if (file.open(QIODevice::WriteOnly))
        file.write(QByteArray::fromStdString(bootstrap));
    file.close();
    m_process.start(QStringLiteral(MESHYARD_BIN_DIR "/meshyard-proxy"),
        QStringList{
            QStringLiteral("-c"), path, QStringLiteral("--admin"), QStringLiteral("127.0.0.1:0")}
            + options);
}

ProxyProcess::~ProxyProcess()
{
    if (m_process.state() == QProcess::NotRunning)
        return;
    m_process.terminate();
    if (!m_process.waitForFinished(8000)) {
        m_process.kill();
        m_process.waitForFinished();
    }
}

bool ProxyProcess::waitReady()
{
    while (!m_process.canReadLine()) {
        if (!m_process.waitForReadyRead(10000))
            return false;
    }
    m_ready = QJsonDocument::fromJson(m_process.readLine()).object();
    return m_ready[QLatin1String("event")].toString() == QLatin1String("ready");
}

std::uint16_t ProxyProcess::port(const char* listener) const
{
    const QString address
        = m_ready[QLatin1String("listeners")].toObject()[QLatin1String(listener)].toString();
    return static_cast<std::uint16_t>(address.section(QLatin1Char(':'), -1).toUInt());
}

std::uint16_t ProxyProcess::adminPort() const
{
    const QString address = m_ready[QLatin1String("admin")].toString();
    return static_cast<std::uint16_t>(address.section(QLatin1Char(':'), -1).toUInt());
}

WireReply ProxyProcess::adminReply(
    std::string_view method, std::string_view path, std::string_view host) const
{
    WireClient client(adminPort());
    client.send(std::string(method) + " " + std::string(path) + " HTTP/1.1\r\nHost: "
        + std::string(host) + "\r\nContent-Length: 0\r\n\r\n");
    return client.receive(method);
}

std::string ProxyProcess::admin(std::string_view path) const
{
    return adminReply("GET", path).body;
}

int ProxyProcess::postAdmin(std::string_view path) const
{
    return adminReply("POST", path).status;
}

long ProxyProcess::stat(std::string_view name) const
{
    const std::string page = admin("/stats");
    const std::size_t at = page.find(std::string(name) + ": ");
    return at == std::string::npos ? -1
                                   : std::strtol(page.c_str() + at + name.size() + 2, nullptr, 10);
}

std::string ProxyProcess::errors()
{
    return m_process.readAllStandardError().toStdString();
}

int ProxyProcess::waitEnd()
{
    m_process.waitForFinished(10000);
    return m_process.state() == QProcess::NotRunning ? m_process.exitCode() : -1;
}

std::string clusterText(
    std::string_view name, const std::vector<std::uint16_t>& ports, std::string_view extra)
{
    std::string text = "{name: \"" + std::string(name) + "\", type: STATIC, connect_timeout: 1s, ";
    text.append(extra).append("load_assignment: {cluster_name: x, endpoints: [{lb_endpoints: [");
    for (const std::uint16_t port : ports)
        text += "{endpoint: {address: {socket_address: {address: 127.0.0.1, port_value: "
            + std::to_string(port) + "}}}}, ";
    return text + "]}]}}";
}

std::string httpListenerText(std::string_view name, std::string_view routes, std::string_view extra,
    std::string_view direction)
{
    return "{name: \"" + std::string(name) + "\", traffic_direction: " + std::string(direction)
        + ", address: {socket_address: {address: 127.0.0.1, port_value: 0}}, filter_chains: "
          "[{filters: [{name: hcm, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
          "HttpConnectionManager, stat_prefix: x, "
        + std::string(extra)
        + "http_filters: [{name: envoy.filters.http.fault, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.extensions.filters.http.fault.v3.HTTPFault}}, "
          "{name: envoy.filters.http.router, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}], route_config: "
          "{name: r, virtual_hosts: [{name: all, domains: [\"*\"], routes: ["
        + std::string(routes) + "]}]}}}]}]}";
}

std::string staticBootstrap(
    const std::vector<std::string>& listeners, const std::vector<std::string>& clusters)
{
    std::string text = "node: {id: caller-a, cluster: caller}\nstatic_resources:\n  listeners:\n";
    for (const std::string& listener : listeners)
        text += "  - " + listener + "\n";
    text += "  clusters:\n";
    for (const std::string& cluster : clusters)
        text += "  - " + cluster + "\n";
    return text;
}
