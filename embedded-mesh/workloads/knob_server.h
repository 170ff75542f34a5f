// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/workloads/knob_set.h"
#include "embedded-mesh/workloads/request_counters.h"

#include <functional>

namespace meshyard::workloads {

/// The loopback port of a workload: `GET /knobs`, `PUT|POST /knobs?name=number`, `GET /counters`,
/// `POST /counters/reset`, `GET /ready`. A Host that is no loopback name is refused, so that no
/// web page reaches it by rebinding its own name.
class KnobServer final : public http::RequestHandler
{
public:
    KnobServer(KnobSet& knobs, RequestCounters& counters)
        : m_knobs(knobs)
        , m_counters(counters)
    {
    }

    /// @return PermissionDenied unless the address is a loopback one.
    Result<void> listen(net::EventLoop& loop, const net::SocketAddress& address);
    const net::SocketAddress& address() const { return m_server->address(); }
    /// Called after knobs changed.
    void setChangedHook(std::function<void()> hook) { m_changed = std::move(hook); }

    void onRequest(const http::Request& request, http::Responder responder) override;

private:
    http::Response answer(const http::Request& request);
    http::Response turn(std::string_view query);

    KnobSet& m_knobs;
    RequestCounters& m_counters;
    std::function<void()> m_changed;
    std::unique_ptr<http::HttpServer> m_server;
};

} // namespace meshyard::workloads
