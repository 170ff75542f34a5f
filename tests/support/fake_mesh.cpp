// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/support/fake_mesh.h"

#include <grpcpp/server_builder.h>

#include <chrono>

namespace meshyard::test {

class FakeMesh::Observer final : public v1::MeshObserver::Service
{
public:
    explicit Observer(FakeMesh& mesh)
        : m(mesh)
    {
    }

    grpc::Status Watch(grpc::ServerContext* context, const v1::WatchRequest*,
        grpc::ServerWriter<v1::MeshFrame>* writer) override
    {
        std::unique_lock lock(m.m_mutex);
        std::size_t next = m.m_pushed.size();
        for (const v1::MeshFrame& frame : m.m_first)
            writer->Write(frame);
        ++m.m_watchers;
        while (!m.m_stopping && !context->IsCancelled()) {
            if (next < m.m_pushed.size())
                writer->Write(m.m_pushed[next++]);
            else
                m.m_changed.wait_for(lock, std::chrono::milliseconds(20));
        }
        --m.m_watchers;
        return {grpc::StatusCode::UNAVAILABLE, "shutting down"};
    }

    grpc::Status ListEdges(grpc::ServerContext*, const v1::ListEdgesRequest* request,
        v1::ListEdgesResponse* response) override
    {
        m.lastEdges = *request;
        *response = m.edges;
        return m.refusal;
    }

private:
    FakeMesh& m;
};

class FakeMesh::Admin final : public v1::MeshAdmin::Service
{
public:
    explicit Admin(FakeMesh& mesh)
        : m(mesh)
    {
    }

    grpc::Status Status(
        grpc::ServerContext*, const v1::StatusRequest*, v1::StatusResponse* out) override
    {
        return answer(m.status, out);
    }
    grpc::Status Apply(
        grpc::ServerContext*, const v1::ApplyRequest* in, v1::ApplyResponse* out) override
    {
        m.lastApply = *in;
        return answer(m.applied, out);
    }
    grpc::Status Get(grpc::ServerContext*, const v1::GetRequest* in, v1::GetResponse* out) override
    {
        m.lastGet = *in;
        return answer(m.resources, out);
    }
    grpc::Status Revisions(
        grpc::ServerContext*, const v1::RevisionsRequest* in, v1::RevisionsResponse* out) override
    {
        m.lastRevisions = *in;
        return answer(m.revisions, out);
    }
    grpc::Status Undo(
        grpc::ServerContext*, const v1::UndoRequest* in, v1::ApplyResponse* out) override
    {
        m.lastUndo = *in;
        return answer(m.applied, out);
    }
    grpc::Status Rollback(
        grpc::ServerContext*, const v1::RollbackRequest* in, v1::ApplyResponse* out) override
    {
        m.lastRollback = *in;
        return answer(m.applied, out);
    }
    grpc::Status SetOverride(grpc::ServerContext*, const v1::SetOverrideRequest* in,
        v1::SetOverrideResponse* out) override
    {
        m.lastOverride = *in;
        return answer(m.overridden, out);
    }
    grpc::Status ReleaseOverride(grpc::ServerContext*, const v1::ReleaseOverrideRequest* in,
        v1::SetOverrideResponse* out) override
    {
        m.lastRelease = *in;
        return answer(m.overridden, out);
    }
    grpc::Status ResetBreaker(grpc::ServerContext*, const v1::ResetBreakerRequest* in,
        v1::SetOverrideResponse* out) override
    {
        m.lastReset = *in;
        return answer(m.overridden, out);
    }
    grpc::Status ListInstances(grpc::ServerContext*, const v1::ListInstancesRequest*,
        v1::ListInstancesResponse* out) override
    {
        return answer(m.instances, out);
    }
    grpc::Status ListProxies(
        grpc::ServerContext*, const v1::ListProxiesRequest*, v1::ListProxiesResponse* out) override
    {
        return answer(m.proxies, out);
    }
    grpc::Status ListServices(grpc::ServerContext*, const v1::ListServicesRequest*,
        v1::ListServicesResponse* out) override
    {
        return answer(m.services, out);
    }
    grpc::Status ListBreakers(grpc::ServerContext*, const v1::ListBreakersRequest*,
        v1::ListBreakersResponse* out) override
    {
        return answer(m.breakers, out);
    }
    grpc::Status ConfigDump(
        grpc::ServerContext*, const v1::ConfigDumpRequest* in, v1::ConfigDumpResponse* out) override
    {
        m.lastConfigDump = *in;
        return answer(m.configDump, out);
    }
    grpc::Status Stop(grpc::ServerContext*, const v1::StopRequest*, v1::StopResponse*) override
    {
        ++m.stops;
        return m.refusal;
    }

private:
    template <typename T> grpc::Status answer(const T& prepared, T* out)
    {
        if (m.beforeAnswer)
            m.beforeAnswer();
        *out = prepared;
        return m.refusal;
    }

    FakeMesh& m;
};

FakeMesh::FakeMesh(std::string socketPath)
    : m_path(std::move(socketPath))
    , m_observer(new Observer(*this))
    , m_admin(new Admin(*this))
{
    start();
}

FakeMesh::~FakeMesh()
{
    stop();
}

void FakeMesh::start()
{
    m_stopping = false;
    grpc::ServerBuilder builder;
    builder.AddListeningPort(address(), grpc::InsecureServerCredentials());
    builder.RegisterService(m_observer.get());
    builder.RegisterService(m_admin.get());
    m_server = builder.BuildAndStart();
}

void FakeMesh::stop()
{
    if (!m_server)
        return;
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        m_changed.notify_all();
    }
    m_server->Shutdown(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
    m_server->Wait();
    m_server.reset();
}

void FakeMesh::setFirst(std::vector<v1::MeshFrame> frames)
{
    const std::lock_guard lock(m_mutex);
    m_first = std::move(frames);
}

void FakeMesh::push(const v1::MeshFrame& frame)
{
    const std::lock_guard lock(m_mutex);
    m_pushed.push_back(frame);
    m_changed.notify_all();
}

int FakeMesh::watchers() const
{
    const std::lock_guard lock(m_mutex);
    return m_watchers;
}

} // namespace meshyard::test
