// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/exchange/side_call.h"
#include "embedded-mesh/proxy/filter/jwks_source.h"
#include "embedded-mesh/proxy/worker_context.h"

#include <list>

namespace meshyard::proxy {

/// Fetches the key sets that the listeners of a snapshot name, and fetches them anew before they
/// grow old. Of several workers the first to see a source does it.
///
/// Thread: its worker's.
class JwksFetcher final
{
public:
    explicit JwksFetcher(WorkerContext& context);
    ~JwksFetcher();

    void follow(const ConfigSnapshot& snapshot);

private:
    struct Job
    {
        Job(JwksFetcher& fetcher, std::shared_ptr<JwksSource> wanted);

        std::shared_ptr<JwksSource> source;
        net::Timer timer;
    };

    void fetch(Job& job);
    void onAnswer(const std::shared_ptr<JwksSource>& source, const SideCall::Answer& answer);
    Job* jobOf(const JwksSource& source);

    WorkerContext& m_context; // outlives us
    std::list<Job> m_jobs;
};

} // namespace meshyard::proxy
