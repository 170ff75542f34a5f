// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/h2_fields.h"
#include "embedded-mesh/http/h2_head_builder.h"
#include "embedded-mesh/net/event_loop.h"

#include <memory>
#include <string>
#include <vector>

namespace meshyard::http {

class H2Session;

/// What the HTTP/2 sessions of one thread share: scratch memory, and the list of those with
/// something to send at the end of the turn, so that all frames of a turn leave in one write.
///
/// Thread: its loop's. Outlives its sessions.
class H2Thread final
{
public:
    explicit H2Thread(net::EventLoop& loop);
    H2Thread(const H2Thread&) = delete;
    H2Thread& operator=(const H2Thread&) = delete;

    void flushAtTurnEnd(H2Session& session);
    void forget(H2Session& session);
    net::EventLoop& loop() { return m_loop; }

    std::unique_ptr<H2HeadBuilder> takeBuilder();
    void giveBack(std::unique_ptr<H2HeadBuilder> builder);

    H2Fields fields;
    std::string output;

private:
    void flush();

    net::EventLoop& m_loop;
    std::vector<H2Session*> m_waiting;
    bool m_scheduled = false;
    std::vector<std::unique_ptr<H2HeadBuilder>> m_builders;
};

} // namespace meshyard::http
