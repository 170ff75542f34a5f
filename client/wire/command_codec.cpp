// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/wire/command_codec.h"

#include "client/wire/value_codec.h"

#include <fmt/format.h>

namespace meshyard::wire {

namespace {

ResourceRef fromWire(const v1::ResourceRef& in)
{
    return {in.kind(), in.namespace_(), in.name()};
}

RemoteDiagnostic fromWire(const v1::Diagnostic& in)
{
    RemoteDiagnostic out;
    if (in.severity() >= v1::INFO && in.severity() <= v1::ERROR)
        out.severity = static_cast<DiagnosticSeverity>(in.severity());
    out.code = in.code();
    out.file = in.file();
    out.line = in.line();
    out.column = in.column();
    out.field = in.field();
    out.message = in.message();
    out.resource = in.resource();
    return out;
}

ResourceChange fromWire(const v1::ResourceChange& in)
{
    return {fromWire(in.ref()), in.before(), in.after(), in.unified_diff()};
}

RevisionInfo fromWire(const v1::RevisionInfo& in)
{
    RevisionInfo out;
    out.number = in.number();
    out.unixMs = in.unix_ms();
    out.author = in.author();
    out.message = in.message();
    for (const v1::ResourceRef& ref : in.touched())
        out.touched.push_back(fromWire(ref));
    for (const v1::ResourceChange& change : in.changes())
        out.changes.push_back(fromWire(change));
    out.applied = in.applied();
    out.undone = in.undone();
    out.isUndo = in.is_undo();
    return out;
}

} // namespace

v1::ApplyRequest toWire(const ApplyInput& in)
{
    v1::ApplyRequest out;
    for (const ApplyInput::Document& document : in.documents) {
        v1::DocumentText* added = out.add_documents();
        added->set_name(document.name);
        added->set_text(document.text);
    }
    for (const ResourceRef& ref : in.deletes) {
        v1::ResourceRef* added = out.add_deletes();
        added->set_kind(ref.kind);
        added->set_namespace_(ref.ns);
        added->set_name(ref.name);
    }
    out.set_default_namespace(in.defaultNamespace);
    out.set_base_revision(in.baseRevision);
    out.set_message(in.message);
    out.set_author(in.author);
    out.set_validate_only(in.validateOnly);
    out.set_dry_run(in.dryRun);
    return out;
}

v1::SetOverrideRequest toWire(const OverrideInput& in)
{
    v1::SetOverrideRequest out;
    toWire(in.edge, out.mutable_edge());
    out.set_kind(static_cast<v1::OverrideKind>(in.kind));
    out.set_drain_percent(in.drainPercent);
    out.set_ttl_ms(in.ttlMs);
    out.set_reason(in.reason);
    out.set_operator_name(in.operatorName);
    out.set_until_released(in.untilReleased);
    return out;
}

v1::GetRequest getRequest(const std::string& kind, const std::string& ns, const std::string& name)
{
    v1::GetRequest out;
    out.set_kind(kind);
    out.set_namespace_(ns);
    out.set_name(name);
    return out;
}

v1::RevisionsRequest revisionsRequest(std::uint64_t number, std::uint32_t limit)
{
    v1::RevisionsRequest out;
    out.set_number(number);
    out.set_limit(limit);
    return out;
}

ApplyOutput fromWire(const v1::ApplyResponse& in)
{
    ApplyOutput out;
    out.revision = in.revision();
    out.stored = in.stored();
    for (const v1::Diagnostic& diagnostic : in.diagnostics())
        out.diagnostics.push_back(fromWire(diagnostic));
    for (const v1::ResourceChange& change : in.changes())
        out.changes.push_back(fromWire(change));
    return out;
}

std::vector<StoredResource> fromWire(const v1::GetResponse& in)
{
    std::vector<StoredResource> out;
    for (const v1::StoredResource& resource : in.resources()) {
        StoredResource& added = out.emplace_back();
        added.ref = fromWire(resource.ref());
        added.apiVersion = resource.api_version();
        added.text = resource.text();
        added.revision = resource.revision();
        for (const v1::Diagnostic& diagnostic : resource.diagnostics())
            added.diagnostics.push_back(fromWire(diagnostic));
    }
    return out;
}

std::vector<RevisionInfo> fromWire(const v1::RevisionsResponse& in)
{
    std::vector<RevisionInfo> out;
    for (const v1::RevisionInfo& revision : in.revisions())
        out.push_back(fromWire(revision));
    return out;
}

OverrideOutput fromWire(const v1::SetOverrideResponse& in)
{
    return {fromWire(in.override()), {in.proxies().begin(), in.proxies().end()},
        {in.acknowledged().begin(), in.acknowledged().end()}};
}

MeshStatus fromWire(const v1::StatusResponse& in)
{
    MeshStatus out;
    out.mesh = fromWire(in.mesh());
    out.version = in.version();
    out.pid = in.pid();
    for (const v1::ActiveOverride& active : in.overrides())
        out.overrides.push_back(fromWire(active));
    for (const v1::Event& event : in.recent_events())
        out.recentEvents.push_back(fromWire(event));
    out.dataDir = in.data_dir();
    return out;
}

std::vector<EdgeFigures> fromWire(const v1::ListEdgesResponse& in)
{
    std::vector<EdgeFigures> out;
    for (const v1::EdgeFigures& figures : in.edges()) {
        EdgeFigures& added = out.emplace_back();
        added.edge = fromWire(figures.edge());
        added.windowS = figures.window_s();
        added.outcomes = fromWire(figures.outcomes());
        added.bytesOut = figures.bytes_out();
        added.bytesIn = figures.bytes_in();
        added.inFlight = figures.in_flight();
        added.connections = figures.connections();
        added.tlsConnections = figures.tls_connections();
        added.latency = fromWire(figures.latency());
        added.serverLatency = fromWire(figures.server_latency());
        added.breaker = fromWire(figures.breaker());
    }
    return out;
}

std::vector<BreakerRow> fromWire(const v1::ListBreakersResponse& in)
{
    std::vector<BreakerRow> out;
    for (const v1::BreakerRow& row : in.breakers())
        out.push_back({fromWire(row.edge()), fromWire(row.breaker()), row.policy()});
    return out;
}

Error errorOf(const grpc::Status& status, const std::string& address)
{
    const auto code = static_cast<ErrorCode>(status.error_code());
    if (code == ErrorCode::Unavailable)
        return {code,
            fmt::format("no control plane answers at {} ({}); is the mesh running?", address,
                status.error_message())};
    if (code == ErrorCode::DeadlineExceeded)
        return {code, fmt::format("the control plane at {} did not answer in time", address)};
    return {code, status.error_message()};
}

} // namespace meshyard::wire
