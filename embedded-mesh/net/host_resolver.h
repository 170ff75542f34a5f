// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/net/socket_address.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace meshyard::net {

/// Asks the system's resolver on a thread of its own and remembers good answers for a while, so a
/// dead name server never stalls the loop.
///
/// Thread: its loop's; the lookups run on its own.
class HostResolver final
{
public:
    using Callback = std::function<void(const Result<SocketAddress>&)>;

    HostResolver(EventLoop& loop, Duration keepFor);
    /// Callbacks still open are dropped; a lookup under way ends by itself.
    ~HostResolver();
    HostResolver(const HostResolver&) = delete;
    HostResolver& operator=(const HostResolver&) = delete;

    /// First address of the name (a literal needs no lookup). The callback may run inside the call.
    void resolve(const HostPort& target, Callback callback);
    /// Ask again next time: the address did not answer.
    void forget(const HostPort& target);

private:
    struct Known
    {
        SocketAddress address;
        TimePoint until;
    };
    struct Shared; // what the thread sees

    void finish(const HostPort& target, const Result<SocketAddress>& answer);

    EventLoop& m_loop;
    const Duration m_keepFor;
    std::map<std::string, Known> m_known;
    std::map<std::string, std::vector<Callback>> m_waiting;
    std::shared_ptr<Shared> m_shared;
};

} // namespace meshyard::net
