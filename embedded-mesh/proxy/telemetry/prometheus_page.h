// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/telemetry/figures.h"

#include <string>

namespace meshyard::proxy {

/// Who this proxy is, for the labels of its metrics.
struct OwnIdentity
{
    std::string nodeId;
    std::string service; // node.cluster
    std::string ns = "unknown"; // node metadata NAMESPACE
    std::string version; // node metadata VERSION
};

/// Prometheus text: Istio's standard metrics, Envoy's of clusters and server, our breakers'.
///
/// Follows Istio's metric and label names (reference/kiali-istio.md §4.4), exposition format 0.0.4.
std::string prometheusPage(const Figures& figures, const OwnIdentity& own);

} // namespace meshyard::proxy
