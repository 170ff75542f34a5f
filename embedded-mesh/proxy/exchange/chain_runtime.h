// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/exchange/downstream_connection.h"

#include <set>

namespace meshyard::proxy {

/// One filter chain of a listener in one worker: where its connections look their rules up.
///
/// Thread: its worker's.
class ChainRuntime final : public ConnectionOwner
{
public:
    using Done = std::function<void(Disposable&)>;

    /// @param done a connection is over; it may be disposed of.
    ChainRuntime(std::shared_ptr<const FilterChainSpec> spec, const Done& done)
        : m_spec(std::move(spec))
        , m_done(done)
    {
    }

    /// The same chain with other rules: connections follow with their next request, handshakes from
    /// now on take the new certificate.
    void update(std::shared_ptr<const FilterChainSpec> spec) { m_spec = std::move(spec); }
    /// HTTP connections end after their response, TCP ones by themselves.
    void leave();

    const FilterChainSpec& spec() const override { return *m_spec; }
    bool isLeaving() const override { return m_leaving; }
    void onConnectionDone(Disposable& connection) override;

    /// nullptr = it was lost at once.
    std::unique_ptr<Disposable> makeConnection(WorkerContext& context, net::Fd fd);
    std::size_t connectionCount() const { return m_count; }

private:
    std::shared_ptr<const FilterChainSpec> m_spec;
    const Done& m_done; // the listener's
    std::set<DownstreamConnection*> m_http;
    std::size_t m_count = 0;
    bool m_leaving = false;
};

/// The chains of one listener. Those that a change takes away stay until their connections are
/// gone.
class ChainSet final
{
public:
    explicit ChainSet(ChainRuntime::Done done)
        : m_done(std::move(done))
    {
    }

    void update(const ListenerSpec& spec);
    void leave();
    ChainRuntime* find(const FilterChainSpec& chain);

private:
    using Chains = std::vector<std::unique_ptr<ChainRuntime>>;

    const ChainRuntime::Done m_done;
    Chains m_chains;
    Chains m_leaving;
};

} // namespace meshyard::proxy
