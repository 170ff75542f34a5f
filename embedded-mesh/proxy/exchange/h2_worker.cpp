// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/h2_worker.h"

namespace meshyard::proxy {

namespace {

constexpr std::size_t kSpares = 256;

template <typename T> std::unique_ptr<T> takeLast(std::vector<std::unique_ptr<T>>& spares)
{
    if (spares.empty())
        return nullptr;
    std::unique_ptr<T> last = std::move(spares.back());
    spares.pop_back();
    return last;
}

} // namespace

H2Worker& H2Worker::of(WorkerContext& context)
{
    if (context.http2 == nullptr)
        context.http2 = std::make_shared<H2Worker>(context);
    return *context.http2;
}

H2Worker::H2Worker(WorkerContext& context)
    : m_context(context)
    , m_thread(context.loop)
{
}

std::unique_ptr<H2DownstreamStream> H2Worker::takeDownstream()
{
    auto spare = takeLast(m_downstream);
    return spare ? std::move(spare) : std::make_unique<H2DownstreamStream>(m_context);
}

void H2Worker::giveBack(std::unique_ptr<H2DownstreamStream> stream)
{
    if (m_downstream.size() < kSpares)
        m_downstream.push_back(std::move(stream));
    else
        m_context.dispose(std::move(stream));
}

std::unique_ptr<H2UpstreamStream> H2Worker::takeUpstream()
{
    auto spare = takeLast(m_upstream);
    return spare ? std::move(spare) : std::make_unique<H2UpstreamStream>(m_context);
}

void H2Worker::giveBack(std::unique_ptr<H2UpstreamStream> stream)
{
    if (m_upstream.size() < kSpares)
        m_upstream.push_back(std::move(stream));
    else
        m_context.dispose(std::move(stream));
}

} // namespace meshyard::proxy
