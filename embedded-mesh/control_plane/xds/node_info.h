// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace envoy::config::core::v3 {
class Node;
}

namespace meshyard::control_plane {

/// Who speaks on a stream, from the first message's node.
struct NodeInfo
{
    std::string id;
    std::string service; ///< node.cluster
    std::string ns = "production";
    std::string version;
    std::string kind; ///< "meshyard-proxy 0.1.0", "envoy 1.40.0", "gRPC C++ …"
    std::string peer; ///< transport address
    std::map<std::string, std::string> labels;
    std::uint16_t appPort = 0;
    std::uint16_t inboundPort = 0;
    std::uint16_t outboundPort = 15001;
    bool wrapsResources = false; ///< takes Resource with a ttl in SotW
};

NodeInfo nodeInfoOf(const envoy::config::core::v3::Node& node);

} // namespace meshyard::control_plane
