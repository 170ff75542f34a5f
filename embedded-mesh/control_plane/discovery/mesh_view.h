// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/ids.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace meshyard::control_plane {

struct PortView
{
    std::string name;
    std::uint16_t port = 0;
    Protocol protocol = Protocol::Http1;
};

/// A service as its Workloads (or registrations) declare it.
struct ServiceView
{
    std::string ns;
    std::string name;
    std::uint32_t slot = 0; ///< 1..1023: its place in every instance's capture block
    std::vector<PortView> ports;
    std::vector<std::string> exportTo; ///< other namespaces that see it, "*" = all; empty = none
};

/// What runs, as its supervisor reported it.
struct InstanceView
{
    std::string id; ///< xDS node id of its sidecar, too
    NodeKey node; ///< node.service is empty for a client without ports only if it has no name
    std::map<std::string, std::string> labels; ///< include "version" when there is one
    std::string region;
    std::string zone;
    std::string subZone;
    std::string address = "127.0.0.1";
    bool ready = false; ///< program and sidecar both serve: only these become endpoints
    bool draining = false; ///< about to stop: no new endpoint, but keep its listeners
    bool sidecar = true;
    bool gateway = false;
    std::map<std::uint16_t, std::uint16_t> targetPorts; ///< service port -> program's port
    std::map<std::uint16_t, std::uint16_t> inboundPorts; ///< service port -> sidecar's inbound port
    std::map<std::uint16_t, std::uint16_t> hostPorts; ///< gateways: server port -> bound port
    std::uint16_t outboundPort = 0; ///< capture (b) listener, 0 = none
    std::string captureBase; ///< first address of the block 127.B.0.0/14; "" = no capture (a)
    std::uint32_t slot = 0; ///< instance number in that block
};

/// One consistent picture of the registry; input of the translation to xDS.
struct MeshView
{
    std::vector<ServiceView> services; ///< by namespace, name
    std::vector<InstanceView> instances; ///< by id
};

/// Address of a service in an instance's capture block: base + (instance slot << 10) + service
/// slot.
/// @return dotted address; "" when `captureBase` is empty or no IPv4 address.
std::string captureAddress(
    const std::string& captureBase, std::uint32_t instanceSlot, std::uint32_t serviceSlot);

} // namespace meshyard::control_plane
