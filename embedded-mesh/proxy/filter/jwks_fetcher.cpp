// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/jwks_fetcher.h"

#include "embedded-mesh/proxy/exchange/mirror.h"
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
    if (cluster == nullptr)
        return onAnswer(source, {});
    SideCall::Request request;
    request.head = "GET " + source->target + " HTTP/1.1\r\nhost: " + source->host
        + "\r\naccept: application/json\r\n\r\n";
    request.http2 = speaksHttp2(**cluster, false);
    request.timeout = source->timeout;
    request.maxBody = kMaxKeySet;
    SideCall::begin(m_context, *cluster, std::move(request),
        [this, source](const SideCall::Answer& answer) { onAnswer(source, answer); });
}

void JwksFetcher::onAnswer(
    const std::shared_ptr<JwksSource>& source, const SideCall::Answer& answer)
{
    auto keys = answer.status == 200
        ? KeySet::parse(answer.body)
        : Result<std::shared_ptr<const KeySet>>(
              failure(ErrorCode::Unavailable, "status " + std::to_string(answer.status)));
    if (keys) {
        source->succeed(std::move(*keys));
    } else {
        source->fail();
        spdlog::warn(
            "JWKS from cluster '{}' {}: {}", source->cluster, source->target, keys.error().message);
    }
    if (Job* const job = jobOf(*source))
        job->timer.armAfter(keys ? source->lifetime : source->retryAfter);
}

} // namespace meshyard::proxy
