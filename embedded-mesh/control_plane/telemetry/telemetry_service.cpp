// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/telemetry/telemetry_service.h"

#include "embedded-mesh/control_plane/telemetry/hub.h"

namespace meshyard::control_plane {
namespace {

/// One proxy's stream: read, ingest, acknowledge, in turn.
class ReportStream final : public grpc::ServerBidiReactor<v1::ProxyReport, v1::ReportAck>
{
public:
    explicit ReportStream(TelemetryHub& hub)
        : m_hub(hub)
    {
        StartRead(&m_report);
    }

    void OnReadDone(bool ok) override
    {
        if (!ok) {
            Finish(grpc::Status::OK);
            return;
        }
        if (m_hub.ingest(m_report) == TelemetryHub::Ingest::UnknownNode) {
            Finish({grpc::StatusCode::UNAVAILABLE,
                "node " + m_report.node_id() + " is not known here yet: send again"});
            return;
        }
        m_ack.set_sequence(m_report.sequence());
        StartWrite(&m_ack);
    }

    void OnWriteDone(bool ok) override
    {
        if (!ok) {
            Finish(grpc::Status::OK);
            return;
        }
        m_report.Clear();
        StartRead(&m_report);
    }

    void OnDone() override { delete this; }

private:
    TelemetryHub& m_hub;
    v1::ProxyReport m_report;
    v1::ReportAck m_ack;
};

} // namespace

TelemetryService::TelemetryService(TelemetryHub& hub)
    : m_hub(hub)
{
}

grpc::ServerBidiReactor<v1::ProxyReport, v1::ReportAck>* TelemetryService::Report(
    grpc::CallbackServerContext*)
{
    return new ReportStream(m_hub); // deletes itself in OnDone
}

} // namespace meshyard::control_plane
