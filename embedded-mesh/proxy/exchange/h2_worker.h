// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_thread.h"
#include "embedded-mesh/proxy/exchange/h2_downstream_stream.h"
#include "embedded-mesh/proxy/exchange/h2_upstream_stream.h"

namespace meshyard::proxy {

/// What one worker's HTTP/2 connections share; made with the first of them. Streams are used
/// again, so that a request allocates nothing of ours.
class H2Worker final
{
public:
    static H2Worker& of(WorkerContext& context);

    explicit H2Worker(WorkerContext& context);

    http::H2Thread& thread() { return m_thread; }

    std::unique_ptr<H2DownstreamStream> takeDownstream();
    void giveBack(std::unique_ptr<H2DownstreamStream> stream);
    std::unique_ptr<H2UpstreamStream> takeUpstream();
    void giveBack(std::unique_ptr<H2UpstreamStream> stream);

private:
    WorkerContext& m_context;
    http::H2Thread m_thread;
    std::vector<std::unique_ptr<H2DownstreamStream>> m_downstream;
    std::vector<std::unique_ptr<H2UpstreamStream>> m_upstream;
};

} // namespace meshyard::proxy
