// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/translate/translator.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/config/route/v3/route.pb.h"

#include <string>
#include <vector>

namespace meshyard::test {

/// productpage, details, reviews v1-v3, ratings v1-v2 and a gateway in production; reviews v3 in
/// staging. All on 9080; every instance ready, captured and slotted in order.
control_plane::MeshView bookinfoMesh();

/// Parses documents; fails loudly on an error in them.
std::vector<config::Resource> documents(const std::string& yaml);

/// The resources of one node, decoded.
class NodeConfig
{
public:
    NodeConfig(const control_plane::Translation& translation, const std::string& node);

    bool hasCluster(const std::string& name) const;
    envoy::config::cluster::v3::Cluster cluster(const std::string& name) const;
    envoy::config::listener::v3::Listener listener(const std::string& name) const;
    envoy::config::route::v3::RouteConfiguration routes(const std::string& name) const;
    /// Instances of a cluster in order, "reviews-v1-a reviews-v2-a".
    std::string instances(const std::string& cluster) const;
    std::vector<std::string> names(control_plane::XdsType type) const;
    const control_plane::NodeSnapshot& snapshot() const { return m_snapshot; }

private:
    const control_plane::NodeSnapshot& m_snapshot;
};

/// Routes of a configuration in short: one line each, "match -> action".
std::string describe(const envoy::config::route::v3::RouteConfiguration& config);

} // namespace meshyard::test
