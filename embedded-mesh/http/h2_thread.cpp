// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/h2_thread.h"

#include "embedded-mesh/http/h2_session.h"

#include <algorithm>

namespace meshyard::http {

H2Thread::H2Thread(net::EventLoop& loop)
    : m_loop(loop)
{
}

void H2Thread::flushAtTurnEnd(H2Session& session)
{
    m_waiting.push_back(&session);
    if (!std::exchange(m_scheduled, true))
        m_loop.atTurnEnd([this] { flush(); });
}

void H2Thread::forget(H2Session& session)
{
    std::ranges::replace(m_waiting, &session, static_cast<H2Session*>(nullptr));
}

void H2Thread::flush()
{
    // Flushing one may give others something to say: the list grows meanwhile.
    for (std::size_t i = 0; i < m_waiting.size(); ++i) {
        if (H2Session* const session = std::exchange(m_waiting[i], nullptr))
            session->flush();
    }
    m_waiting.clear();
    m_scheduled = false;
}

std::unique_ptr<H2HeadBuilder> H2Thread::takeBuilder()
{
    if (m_builders.empty())
        return std::make_unique<H2HeadBuilder>();
    std::unique_ptr<H2HeadBuilder> builder = std::move(m_builders.back());
    m_builders.pop_back();
    return builder;
}

void H2Thread::giveBack(std::unique_ptr<H2HeadBuilder> builder)
{
    constexpr std::size_t kKept = 4;
    if (m_builders.size() < kKept)
        m_builders.push_back(std::move(builder));
}

} // namespace meshyard::http
