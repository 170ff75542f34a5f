// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meshyard/v1/admin.grpc.pb.h"
#include "meshyard/v1/observer.grpc.pb.h"

namespace meshyard::control_plane {

class MeshController;

/// meshyard.v1.MeshAdmin over the controller. Thread: gRPC's own.
class AdminService final : public v1::MeshAdmin::Service
{
public:
    explicit AdminService(MeshController& controller);

    grpc::Status Status(grpc::ServerContext* context, const v1::StatusRequest* request,
        v1::StatusResponse* response) override;
    grpc::Status Apply(grpc::ServerContext* context, const v1::ApplyRequest* request,
        v1::ApplyResponse* response) override;
    grpc::Status Get(grpc::ServerContext* context, const v1::GetRequest* request,
        v1::GetResponse* response) override;
    grpc::Status Revisions(grpc::ServerContext* context, const v1::RevisionsRequest* request,
        v1::RevisionsResponse* response) override;
    grpc::Status Undo(grpc::ServerContext* context, const v1::UndoRequest* request,
        v1::ApplyResponse* response) override;
    grpc::Status Rollback(grpc::ServerContext* context, const v1::RollbackRequest* request,
        v1::ApplyResponse* response) override;
    grpc::Status SetOverride(grpc::ServerContext* context, const v1::SetOverrideRequest* request,
        v1::SetOverrideResponse* response) override;
    grpc::Status ReleaseOverride(grpc::ServerContext* context,
        const v1::ReleaseOverrideRequest* request, v1::SetOverrideResponse* response) override;
    grpc::Status ResetBreaker(grpc::ServerContext* context, const v1::ResetBreakerRequest* request,
        v1::SetOverrideResponse* response) override;
    grpc::Status ListInstances(grpc::ServerContext* context,
        const v1::ListInstancesRequest* request, v1::ListInstancesResponse* response) override;
    grpc::Status ListProxies(grpc::ServerContext* context, const v1::ListProxiesRequest* request,
        v1::ListProxiesResponse* response) override;
    grpc::Status ListServices(grpc::ServerContext* context, const v1::ListServicesRequest* request,
        v1::ListServicesResponse* response) override;
    grpc::Status ListBreakers(grpc::ServerContext* context, const v1::ListBreakersRequest* request,
        v1::ListBreakersResponse* response) override;
    grpc::Status ConfigDump(grpc::ServerContext* context, const v1::ConfigDumpRequest* request,
        v1::ConfigDumpResponse* response) override;
    grpc::Status Stop(grpc::ServerContext* context, const v1::StopRequest* request,
        v1::StopResponse* response) override;

private:
    MeshController& m_controller;
};

/// meshyard.v1.MeshObserver: a watcher that reads slowly skips to the newest full state, so it
/// never holds more than one batch of frames. Thread: gRPC's own, one a watcher.
class ObserverService final : public v1::MeshObserver::Service
{
public:
    explicit ObserverService(MeshController& controller);

    grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest* request,
        grpc::ServerWriter<v1::MeshFrame>* writer) override;
    grpc::Status ListEdges(grpc::ServerContext* context, const v1::ListEdgesRequest* request,
        v1::ListEdgesResponse* response) override;
    /// Ends all watching; before the server shuts down.
    void close() { m_closed = true; }

private:
    MeshController& m_controller;
    std::atomic<bool> m_closed = false;
};

} // namespace meshyard::control_plane
