// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/net/socket_address.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace meshyard::proxy {

/// All addresses of a name, and how long they may be believed.
struct DnsAnswer
{
    std::vector<net::SocketAddress> addresses; // port 0
    std::optional<std::chrono::seconds> ttl; // the shortest; none from /etc/hosts
};

/// Asks name servers with c-ares on a thread of its own (several questions at once), /etc/hosts
/// included, so that a dead server never stalls the loop.
///
/// Thread: its loop's.
class DnsLookup final
{
public:
    using Callback = std::function<void(const Result<DnsAnswer>&)>;

    /// @param servers "127.0.0.1:5353,…" in place of the system's; for tests.
    explicit DnsLookup(net::EventLoop& loop, std::string servers = {});
    /// Callbacks still open are dropped.
    ~DnsLookup();
    DnsLookup(const DnsLookup&) = delete;
    DnsLookup& operator=(const DnsLookup&) = delete;

    /// The callback comes from the loop, never from inside this call.
    void resolve(const std::string& host, Callback callback);

private:
    class Shared; // what the thread sees

    std::shared_ptr<Shared> m_shared;
    std::thread m_thread;
};

} // namespace meshyard::proxy
