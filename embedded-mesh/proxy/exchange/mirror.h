// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/exchange/side_call.h"

namespace meshyard::proxy {

struct MirrorRules;

/// The copies of one request that go to other clusters. Their answers are thrown away and only
/// counted.
///
/// Follows Envoy: "-shadow" behind the host, before its port; a share of the requests.
class Mirrors final
{
public:
    explicit Mirrors(WorkerContext& context)
        : m_context(context)
    {
    }

    struct Original
    {
        std::string_view head; // as it goes upstream, HTTP/1.1 text
        http::Method method = http::Method::Get;
        bool fromHttp2 = false; // the caller's protocol
        bool chunked = false;
        bool complete = true;
        std::chrono::microseconds timeout{0};
    };

    /// Notes a copy for later. @param cluster nullptr: it is counted as dropped.
    void plan(const MirrorRules& rules, const std::string& name, std::shared_ptr<Cluster> cluster);
    /// Sends what was planned.
    void begin(const Original& original);
    void addBody(std::string_view bytes);
    void endBody(std::string_view trailers);
    /// Forgets the copies; those whose request is incomplete end.
    void release();
    bool isEmpty() const { return m_planned.empty() && m_calls.empty(); }

private:
    struct Planned
    {
        const MirrorRules* rules;
        std::string name;
        std::shared_ptr<Cluster> cluster;
    };

    WorkerContext& m_context;
    std::vector<Planned> m_planned;
    std::vector<std::shared_ptr<SideCall>> m_calls;
    bool m_complete = true;
};

/// Whether requests to a cluster go by HTTP/2. @param fromHttp2 the caller's protocol.
bool speaksHttp2(const Cluster& cluster, bool fromHttp2);

} // namespace meshyard::proxy
