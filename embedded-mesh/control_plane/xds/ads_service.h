// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/xds/sync_tracker.h"
#include "embedded-mesh/control_plane/xds/xds_cache.h"
#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/result.h"

#include "envoy/service/discovery/v3/ads.grpc.pb.h"

#include <functional>
#include <memory>

namespace meshyard::control_plane {

/// State of the world ADS over the cache. Register it at a grpc::Server; shut the server down
/// before this goes.
///
/// Thread: gRPC's own, plus one of its own for coalescing and hold-back times.
/// Follows the xDS protocol text and gRPC A46 (a NACK is error_detail, nothing else).
class AdsService final
    : public envoy::service::discovery::v3::AggregatedDiscoveryService::CallbackService
{
public:
    /// Decides on the first message of a stream; an error ends the stream with its text.
    using Admission = std::function<Result<void>(const NodeInfo& node)>;

    AdsService(XdsCache& cache, SyncTracker& tracker, const Clock& clock);
    ~AdsService() override;

    /// Before the server starts.
    void setAdmission(Admission admission);

    grpc::ServerBidiReactor<envoy::service::discovery::v3::DiscoveryRequest,
        envoy::service::discovery::v3::DiscoveryResponse>*
    StreamAggregatedResources(grpc::CallbackServerContext* context) override;

private:
    class Streams;
    std::unique_ptr<Streams> m_streams;
};

} // namespace meshyard::control_plane
