// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/jwks_fetcher.h"

#include "embedded-mesh/proxy/filter/filter_chain.h"

#include <spdlog/spdlog.h>

#include <set>

namespace meshyard::proxy {

namespace {

constexpr std::size_t kMaxKeySet = 1024 * 1024;

} // namespace

JwksFetcher::Job::Job(JwksFetcher& fetcher, std::shared_ptr<JwksSource> wanted)
    : source(std::move(wanted))
    , timer(fetcher.m_context.loop.timers(), [this, &fetcher] { fetcher.fetch(*this); })
{
}

JwksFetcher::JwksFetcher(WorkerContext& context)
    : m_context(context)
{
}

JwksFetcher::~JwksFetcher()
{
    for (Job& job : m_jobs)
        job.source->release();
}

void JwksFetcher::follow(const ConfigSnapshot& snapshot)
{
    std::set<std::shared_ptr<JwksSource>> wanted;
    const auto add = [&](const std::shared_ptr<const FilterChainSpec>& chain) {
        if (chain != nullptr && chain->filters != nullptr)
            wanted.insert(chain->filters->keySources().begin(), chain->filters->keySources().end());
    };
    for (const auto& [name, listener] : snapshot.listeners) {
        std::ranges::for_each(listener->chains, add);
        add(listener->defaultChain);
    }
    std::erase_if(m_jobs, [&](const Job& job) {
        if (wanted.contains(job.source))
            return false;
        job.source->release();
        return true;
    });
    for (const auto& source : wanted) {
        if (jobOf(*source) != nullptr || !source->claim())
            continue;
        fetch(m_jobs.emplace_back(*this, source));
    }
}

JwksFetcher::Job* JwksFetcher::jobOf(const JwksSource& source)
{
    for (Job& job : m_jobs) {
        if (job.source.get() == &source)
            return &job;
    }
    return nullptr;
}

void JwksFetcher::fetch(Job& job)
{
    const auto source = job.source;
    const auto* const cluster = m_context.findCluster(source->cluster);
    const std::shared_ptr<Endpoint> endpoint = cluster == nullptr ? nullptr : (*cluster)->pick({});
    if (endpoint == nullptr)
        return onAnswer(source, failure(ErrorCode::Unavailable, "the cluster has no endpoint"));
    if (m_client == nullptr) {
        http::ClientOptions options;
        options.maxBody = kMaxKeySet;
        m_client = std::make_unique<http::HttpClient>(m_context.loop, options);
    }
    http::ClientRequest request;
    request.target = source->target;
    request.host = source->host;
    request.timeout = source->timeout;
    m_client->send(endpoint->spec().address, std::move(request),
        [this, source](const Result<http::Response>& answer) { onAnswer(source, answer); });
}

void JwksFetcher::onAnswer(
    const std::shared_ptr<JwksSource>& source, const Result<http::Response>& answer)
{
    Result<std::shared_ptr<const KeySet>> keys = failure(ErrorCode::Unavailable, "");
    if (!answer)
        keys = tl::unexpected(answer.error());
    else if (answer->status != 200)
        keys = failure(ErrorCode::Unavailable, "status " + std::to_string(answer->status));
    else
        keys = KeySet::parse(answer->body);
    if (keys) {
        source->succeed(std::move(*keys));
    } else {
        source->fail();
        spdlog::warn("JWKS from cluster '{}' {}: {}", source->cluster, source->target,
            keys.error().message);
    }
    if (Job* const job = jobOf(*source))
        job->timer.armAfter(keys ? source->lifetime : source->retryAfter);
}

} // namespace meshyard::proxy
