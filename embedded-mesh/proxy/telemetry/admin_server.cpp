// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/admin_server.h"

#include "embedded-mesh/proxy/telemetry/admin_pages.h"
#include "embedded-mesh/proxy/telemetry/json_text.h"

#include <re2/re2.h>

#include <spdlog/spdlog.h>

#include <malloc.h>

#include <algorithm>
#include <array>

namespace meshyard::proxy {

namespace {

constexpr auto kShown = std::to_array<std::string_view>({"/", "/breakers", "/clusters",
    "/config_dump", "/help", "/listeners", "/memory", "/ready", "/server_info", "/stats",
    "/stats/prometheus"});
constexpr auto kDone = std::to_array<std::string_view>({"/drain", "/drain_listeners",
    "/healthcheck/fail", "/healthcheck/ok", "/logging", "/quitquitquit", "/reopen_logs"});

template <typename Paths> bool contains(const Paths& paths, std::string_view path)
{
    return std::ranges::find(paths, path) != paths.end();
}

std::string helpPage()
{
    std::string page = "admin commands are:\n";
    for (const std::string_view path : kShown)
        page.append("  ").append(path).append("\n");
    for (const std::string_view path : kDone)
        page.append("  ").append(path).append(" (POST)\n");
    return page;
}

std::string memoryPage()
{
    const struct mallinfo2 info = ::mallinfo2();
    return fmt::format(R"({{"allocated":"{}","heap_size":"{}","pageheap_unmapped":"0",)"
                       R"("pageheap_free":"{}","total_thread_cache":"0",)"
                       R"("total_physical_bytes":"{}"}})"
                       "\n",
        info.uordblks + info.hblkhd, info.arena + info.hblkhd, info.fordblks,
        info.arena + info.hblkhd);
}

std::string statsJson(const std::string& page)
{
    std::string json = "{\"stats\":[";
    std::size_t at = 0;
    while (at < page.size()) {
        const std::size_t end = std::min(page.find('\n', at), page.size());
        const std::string_view line = std::string_view(page).substr(at, end - at);
        at = end + 1;
        const std::size_t colon = line.find(": ");
        if (colon == std::string_view::npos)
            continue;
        const std::string_view value = line.substr(colon + 2);
        const bool number = !value.empty() && value.find_first_not_of("0123456789") == value.npos;
        if (json.back() == '}')
            json += ',';
        json += fmt::format("{{\"name\":{},\"value\":{}}}", jsonQuoted(line.substr(0, colon)),
            number ? std::string(value) : jsonQuoted(value));
    }
    return json + "]}\n";
}

/// Lines whose name the expression finds.
Result<std::string> filtered(const std::string& page, const std::string& expression)
{
    const re2::RE2 regex(expression, re2::RE2::Quiet);
    if (!regex.ok())
        return failure(ErrorCode::InvalidArgument, "invalid regex: " + regex.error() + "\n");
    std::string kept;
    std::size_t at = 0;
    while (at < page.size()) {
        const std::size_t end = std::min(page.find('\n', at), page.size());
        const std::string line = page.substr(at, end - at);
        at = end + 1;
        if (re2::RE2::PartialMatch(line.substr(0, line.find(": ")), regex))
            kept.append(line).append("\n");
    }
    return kept;
}

http::Response logging(std::string_view query)
{
    std::optional<std::string> level = http::queryValue(query, "level");
    if (!level) {
        const auto paths = http::queryValue(query, "paths");
        if (paths)
            level = paths->substr(paths->rfind(':') + 1);
    }
    if (level) {
        const auto parsed = spdlog::level::from_str(*level == "warning" ? "warn" : *level);
        if (parsed == spdlog::level::off && *level != "off")
            return http::textResponse(400, "error: unknown level '" + *level + "'\n");
        spdlog::set_level(parsed);
    }
    const auto shown = spdlog::level::to_string_view(spdlog::get_level());
    return http::textResponse(200,
        "active loggers:\n  proxy: " + std::string(shown.data(), shown.size()) + "\n");
}

} // namespace

Result<std::unique_ptr<AdminServer>> AdminServer::listen(
    net::EventLoop& loop, const net::SocketAddress& address, AdminSubject& subject)
{
    std::unique_ptr<AdminServer> admin(new AdminServer(subject));
    auto server = http::HttpServer::listen(loop, address, *admin);
    if (!server)
        return tl::unexpected(server.error());
    admin->m_server = std::move(*server);
    return admin;
}

bool AdminServer::isOwnHost(std::string_view host) const
{
    if (address().isUnix() || host.empty())
        return true;
    std::string_view name = host;
    if (const std::size_t bracket = host.find(']'); bracket != std::string_view::npos)
        name = host.substr(0, bracket + 1);
    else if (const std::size_t colon = host.rfind(':'); colon != std::string_view::npos)
        name = host.substr(0, colon);
    if (equalsIgnoreCase(name, "localhost") || name == "[::1]")
        return true;
    const auto literal = net::SocketAddress::fromIp(name, 0);
    return literal && literal->isLoopback();
}

void AdminServer::onRequest(const http::Request& request, http::Responder responder)
{
    const auto [path, query] = http::splitTarget(request.head.path());
    const http::Method method = request.head.method();
    if (!isOwnHost(request.head.authority()))
        return responder.send(http::textResponse(403, "this Host is not served here\n"));
    if (contains(kShown, path)) {
        if (method != http::Method::Get && method != http::Method::Head)
            return responder.send(http::textResponse(405, "GET it\n"));
        return responder.send(shown(path, query));
    }
    if (contains(kDone, path)) {
        if (method != http::Method::Post)
            return responder.send(http::textResponse(405, "POST it\n"));
        return responder.send(done(path, query));
    }
    responder.send(http::textResponse(404, "invalid path. " + helpPage()));
}

http::Response AdminServer::shown(std::string_view path, std::string_view query)
{
    if (path == "/ready") {
        const std::string_view state = m_subject.state();
        return http::textResponse(state == "LIVE" ? 200 : 503, std::string(state) + "\n");
    }
    if (path == "/config_dump")
        return http::jsonResponse(200, m_subject.configDump());
    if (path == "/clusters")
        return http::textResponse(200, clustersPage(m_subject.figures()));
    if (path == "/breakers")
        return http::jsonResponse(200, breakersPage(m_subject.figures()));
    if (path == "/listeners")
        return http::jsonResponse(200, m_subject.listeners() + "\n");
    if (path == "/memory")
        return http::jsonResponse(200, memoryPage());
    if (path == "/server_info")
        return http::jsonResponse(200, m_subject.serverInfo());
    if (path.starts_with("/stats"))
        return stats(path == "/stats" ? query : "format=prometheus");
    return http::textResponse(200, helpPage());
}

http::Response AdminServer::stats(std::string_view query)
{
    const std::string format = http::queryValue(query, "format").value_or("text");
    if (format == "prometheus") {
        http::Response response
            = http::textResponse(200, prometheusPage(m_subject.figures(), m_subject.identity()));
        for (auto& [name, value] : response.headers) {
            if (equalsIgnoreCase(name, "content-type"))
                value = "text/plain; version=0.0.4; charset=utf-8";
        }
        return response;
    }
    std::string page = statsPage(m_subject.figures());
    if (const auto filter = http::queryValue(query, "filter")) {
        auto kept = filtered(page, *filter);
        if (!kept)
            return http::textResponse(400, kept.error().message);
        page = std::move(*kept);
    }
    if (format == "json")
        return http::jsonResponse(200, statsJson(page));
    return http::textResponse(200, page);
}

http::Response AdminServer::done(std::string_view path, std::string_view query)
{
    if (path == "/logging")
        return logging(query);
    if (path == "/drain" || path == "/quitquitquit")
        m_subject.drainAndExit();
    else if (path == "/drain_listeners")
        m_subject.drainListeners();
    else if (path == "/reopen_logs")
        m_subject.reopenLogs();
    else
        m_subject.setHealthy(path == "/healthcheck/ok");
    return http::textResponse(200, "OK\n");
}

} // namespace meshyard::proxy
