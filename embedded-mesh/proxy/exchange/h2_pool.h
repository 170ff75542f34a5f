// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/exchange/h2_upstream_connection.h"

namespace meshyard::proxy {

/// HTTP/2 connections of one worker to one endpoint. The first with room is filled before the next
/// is opened, so that frames of many streams share reads and writes.
///
/// Thread: its worker's.
class H2Pool final
{
public:
    static constexpr std::size_t kMaxConnections = 8;

    explicit H2Pool(WorkerContext& context)
        : m_context(context)
    {
    }
    static H2Pool& of(Endpoint& endpoint, WorkerContext& context);

    /// @return nullptr: every connection is full.
    std::unique_ptr<H2UpstreamStream> takeStream();
    bool mayConnect() const { return m_connections.size() < kMaxConnections; }
    /// @return a stream of a connection that is being made; an error when it can't be.
    Result<std::unique_ptr<H2UpstreamStream>> connect(
        const std::shared_ptr<Cluster>& cluster, const std::shared_ptr<Endpoint>& endpoint);

    void remove(H2UpstreamConnection& connection);
    void closeIdleBefore(TimePoint oldest);
    /// The endpoint goes: idle ones close now, the others when their streams have ended.
    void retire();
    bool closeOneIdle();
    std::size_t size() const { return m_connections.size(); }

private:
    WorkerContext& m_context;
    std::vector<std::unique_ptr<H2UpstreamConnection>> m_connections;
};

} // namespace meshyard::proxy
