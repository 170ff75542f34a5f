// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/discovery/registry.h"
#include "meshyard/v1/supervision.grpc.pb.h"

#include <map>
#include <mutex>

namespace meshyard::control_plane {

class MeshController;

/// The supervisors' streams: reports in, orders out.
///
/// Thread: gRPC's own.
class SupervisionService final : public v1::Supervision::CallbackService
{
public:
    explicit SupervisionService(MeshController& controller);
    ~SupervisionService() override;

    grpc::ServerBidiReactor<v1::SupervisorReport, v1::SupervisorOrder>* Attach(
        grpc::CallbackServerContext* context) override;

private:
    class Stream;

    void sendOrder(Registry::SessionId session, const v1::SupervisorOrder& order);
    void join(Registry::SessionId session, Stream* stream);
    void leave(Registry::SessionId session);

    MeshController& m_controller;
    std::mutex m_mutex; // guards m_streams
    std::map<Registry::SessionId, Stream*> m_streams;
};

} // namespace meshyard::control_plane
