// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meshyard/v1/telemetry.grpc.pb.h"

namespace meshyard::control_plane {

class TelemetryHub;

/// The proxies' report streams; each report is acknowledged with its sequence.
///
/// Thread: gRPC's own.
class TelemetryService final : public v1::Telemetry::CallbackService
{
public:
    explicit TelemetryService(TelemetryHub& hub);

    grpc::ServerBidiReactor<v1::ProxyReport, v1::ReportAck>* Report(
        grpc::CallbackServerContext* context) override;

private:
    TelemetryHub& m_hub;
};

} // namespace meshyard::control_plane
