// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/admin/supervision_service.h"

#include "embedded-mesh/control_plane/admin/mesh_controller.h"
#include "embedded-mesh/control_plane/admin/proto_convert.h"

#include <optional>

namespace meshyard::control_plane {

/// One supervisor. Only the newest order waits while one is being written.
class SupervisionService::Stream final
    : public grpc::ServerBidiReactor<v1::SupervisorReport, v1::SupervisorOrder>
{
public:
    explicit Stream(SupervisionService& service)
        : m_service(service)
    {
        StartRead(&m_report);
    }

    void send(const v1::SupervisorOrder& order)
    {
        const std::scoped_lock lock(m_mutex);
        m_next = order;
        writeNext();
    }

    void OnReadDone(bool ok) override
    {
        if (!ok) {
            end(grpc::Status::OK);
            return;
        }
        if (m_session == 0 && !attach())
            return;
        m_service.m_controller.registry().report(m_session, m_report);
        m_service.m_controller.requestRefresh();
        m_report.Clear();
        StartRead(&m_report);
    }

    void OnWriteDone(bool ok) override
    {
        const std::scoped_lock lock(m_mutex);
        m_writing = false;
        if (ok)
            writeNext();
    }

    void OnCancel() override { end(grpc::Status::CANCELLED); }
    void OnDone() override
    {
        if (m_session != 0) {
            m_service.leave(m_session);
            m_service.m_controller.registry().detach(m_session);
            m_service.m_controller.requestRefresh();
        }
        delete this;
    }

private:
    bool attach()
    {
        auto session = m_service.m_controller.registry().attach(m_report.hello());
        if (!session) {
            end(toStatus(session.error()));
            return false;
        }
        m_session = *session;
        m_service.join(m_session, this);
        return true;
    }

    void writeNext() // under m_mutex
    {
        if (m_writing || m_ended || !m_next)
            return;
        m_current = std::move(*m_next);
        m_next.reset();
        m_writing = true;
        StartWrite(&m_current);
    }

    void end(const grpc::Status& status)
    {
        const std::scoped_lock lock(m_mutex);
        if (!std::exchange(m_ended, true))
            Finish(status);
    }

    SupervisionService& m_service;
    Registry::SessionId m_session = 0;
    v1::SupervisorReport m_report;
    std::mutex m_mutex; // guards all below
    std::optional<v1::SupervisorOrder> m_next;
    v1::SupervisorOrder m_current;
    bool m_writing = false;
    bool m_ended = false;
};

SupervisionService::SupervisionService(MeshController& controller)
    : m_controller(controller)
{
    controller.setOrderSink([this](Registry::SessionId session, const v1::SupervisorOrder& order) {
        sendOrder(session, order);
    });
}

SupervisionService::~SupervisionService()
{
    m_controller.setOrderSink(nullptr);
}

void SupervisionService::sendOrder(Registry::SessionId session, const v1::SupervisorOrder& order)
{
    const std::scoped_lock lock(m_mutex);
    if (const auto stream = m_streams.find(session); stream != m_streams.end())
        stream->second->send(order);
}

void SupervisionService::join(Registry::SessionId session, Stream* stream)
{
    const std::scoped_lock lock(m_mutex);
    m_streams[session] = stream;
}

void SupervisionService::leave(Registry::SessionId session)
{
    const std::scoped_lock lock(m_mutex);
    m_streams.erase(session);
}

grpc::ServerBidiReactor<v1::SupervisorReport, v1::SupervisorOrder>* SupervisionService::Attach(
    grpc::CallbackServerContext*)
{
    return new Stream(*this); // deletes itself in OnDone
}

} // namespace meshyard::control_plane
