// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/admin/admin_service.h"

#include "embedded-mesh/control_plane/admin/mesh_controller.h"
#include "embedded-mesh/control_plane/admin/proto_convert.h"

#include <algorithm>
#include <chrono>

namespace meshyard::control_plane {
namespace {

using namespace std::chrono_literals;

template <typename Message> grpc::Status answer(Result<Message> result, Message* response)
{
    if (!result)
        return toStatus(result.error());
    *response = std::move(*result);
    return grpc::Status::OK;
}

/// A Workload is a command to run on this host: over TCP that would be remote code execution.
bool startsPrograms(const v1::ApplyRequest& request)
{
    return std::any_of(request.documents().begin(), request.documents().end(),
        [](const v1::DocumentText& document) {
            return document.text().find("Workload") != std::string::npos;
        });
}

bool isLocalSocket(const grpc::ServerContext& context)
{
    return !context.peer().starts_with("ipv");
}

} // namespace

AdminService::AdminService(MeshController& controller)
    : m_controller(controller)
{
}

grpc::Status AdminService::Status(
    grpc::ServerContext*, const v1::StatusRequest*, v1::StatusResponse* response)
{
    *response = m_controller.status();
    return grpc::Status::OK;
}

grpc::Status AdminService::Apply(
    grpc::ServerContext* context, const v1::ApplyRequest* request, v1::ApplyResponse* response)
{
    const bool stores = !request->dry_run() && !request->validate_only();
    if (stores && !isLocalSocket(*context) && startsPrograms(*request))
        return {grpc::StatusCode::PERMISSION_DENIED,
            "Workload documents start programs: apply them over the mesh's Unix socket"};
    return answer(m_controller.configuration().apply(*request), response);
}

grpc::Status AdminService::Get(
    grpc::ServerContext*, const v1::GetRequest* request, v1::GetResponse* response)
{
    return answer(m_controller.configuration().get(*request), response);
}

grpc::Status AdminService::Revisions(
    grpc::ServerContext*, const v1::RevisionsRequest* request, v1::RevisionsResponse* response)
{
    return answer(
        m_controller.configuration().revisions(*request, m_controller.appliedRevision()), response);
}

grpc::Status AdminService::Undo(
    grpc::ServerContext*, const v1::UndoRequest* request, v1::ApplyResponse* response)
{
    return answer(m_controller.configuration().undo(*request), response);
}

grpc::Status AdminService::Rollback(
    grpc::ServerContext*, const v1::RollbackRequest* request, v1::ApplyResponse* response)
{
    return answer(m_controller.configuration().rollback(*request), response);
}

grpc::Status AdminService::SetOverride(
    grpc::ServerContext*, const v1::SetOverrideRequest* request, v1::SetOverrideResponse* response)
{
    return answer(m_controller.setOverride(*request), response);
}

grpc::Status AdminService::ReleaseOverride(grpc::ServerContext*,
    const v1::ReleaseOverrideRequest* request, v1::SetOverrideResponse* response)
{
    return answer(m_controller.releaseOverride(*request), response);
}

grpc::Status AdminService::ResetBreaker(
    grpc::ServerContext*, const v1::ResetBreakerRequest* request, v1::SetOverrideResponse* response)
{
    return answer(m_controller.resetBreaker(*request), response);
}

grpc::Status AdminService::ListInstances(grpc::ServerContext*,
    const v1::ListInstancesRequest* request, v1::ListInstancesResponse* response)
{
    for (v1::Instance& instance : m_controller.registry().instances()) {
        if (selects(request->namespace_(), instance.node().namespace_()))
            *response->add_instances() = std::move(instance);
    }
    return grpc::Status::OK;
}

grpc::Status AdminService::ListProxies(
    grpc::ServerContext*, const v1::ListProxiesRequest* request, v1::ListProxiesResponse* response)
{
    *response = m_controller.proxies(request->namespace_());
    return grpc::Status::OK;
}

grpc::Status AdminService::ListServices(grpc::ServerContext*,
    const v1::ListServicesRequest* request, v1::ListServicesResponse* response)
{
    *response = m_controller.services(request->namespace_());
    return grpc::Status::OK;
}

grpc::Status AdminService::ListBreakers(grpc::ServerContext*,
    const v1::ListBreakersRequest* request, v1::ListBreakersResponse* response)
{
    *response = m_controller.breakers(request->namespace_());
    return grpc::Status::OK;
}

grpc::Status AdminService::ConfigDump(
    grpc::ServerContext*, const v1::ConfigDumpRequest* request, v1::ConfigDumpResponse* response)
{
    return answer(m_controller.configDump(request->node_id()), response);
}

grpc::Status AdminService::Stop(
    grpc::ServerContext*, const v1::StopRequest* request, v1::StopResponse*)
{
    m_controller.stopMesh(request->operator_name());
    return grpc::Status::OK;
}

ObserverService::ObserverService(MeshController& controller)
    : m_controller(controller)
{
}

grpc::Status ObserverService::Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
    grpc::ServerWriter<v1::MeshFrame>* writer)
{
    std::uint64_t cursor = 0;
    while (!m_closed && !context->IsCancelled()) {
        const TelemetryHub::Batch batch = m_controller.hub().next(cursor, 250ms);
        cursor = batch.cursor;
        for (const FramePtr& frame : batch.frames) {
            bool written = false;
            if (request->with_instances()) {
                written = writer->Write(*frame);
            } else {
                v1::MeshFrame plain = *frame;
                plain.clear_instances();
                plain.clear_proxies();
                plain.clear_removed_instances();
                written = writer->Write(plain);
            }
            if (!written)
                return grpc::Status::OK;
        }
    }
    return grpc::Status::OK;
}

grpc::Status ObserverService::ListEdges(
    grpc::ServerContext*, const v1::ListEdgesRequest* request, v1::ListEdgesResponse* response)
{
    *response = m_controller.hub().listEdges(*request);
    return grpc::Status::OK;
}

} // namespace meshyard::control_plane
