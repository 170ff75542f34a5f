// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/call_counters.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace meshyard::proxy {

/// Counters of what one peer calls at one port.
struct InboundRow final : CallCounters
{
    std::uint16_t port = 0;
    std::string_view peer; // empty = outside the mesh
};

/// Counters of calls that arrived, by peer and service port.
///
/// Thread: its worker's.
class InboundTable final
{
public:
    /// Peers that one may invent in a header must not fill the memory: the rest shares a row.
    static constexpr std::size_t kMaxPeers = 512;

    InboundRow& row(std::uint16_t port, std::string_view peer)
    {
        auto& peers = m_ports[port];
        auto found = peers.find(peer);
        if (found == peers.end()) {
            const std::string_view name = peers.size() < kMaxPeers ? peer : std::string_view();
            found = peers.try_emplace(std::string(name)).first;
        }
        if (!found->second)
            found->second = makeRow(port, found->first);
        return *found->second;
    }

    /// visit(port, peer, counters) for each row.
    template <typename Visit> void forEach(Visit&& visit)
    {
        for (auto& [port, peers] : m_ports) {
            for (auto& [peer, counters] : peers)
                visit(port, peer, *counters);
        }
    }

private:
    static std::unique_ptr<InboundRow> makeRow(std::uint16_t port, std::string_view peer)
    {
        auto made = std::make_unique<InboundRow>();
        made->port = port;
        made->peer = peer; // of a node that never moves
        return made;
    }

    std::map<std::uint16_t, std::map<std::string, std::unique_ptr<InboundRow>, std::less<>>>
        m_ports;
};

} // namespace meshyard::proxy
