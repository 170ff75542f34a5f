// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/retry_state.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include <charconv>

namespace meshyard::proxy {

namespace {

std::optional<std::uint32_t> number(const RequestView& request, std::string_view name)
{
    const auto text = request.header(name);
    if (!text)
        return std::nullopt;
    std::uint32_t value = 0;
    const std::string_view digits = trimmed(*text);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size() || digits.empty())
        return std::nullopt;
    return value;
}

} // namespace

const RetryRules RetryState::kNone;

void RetryState::begin(const ForwardAction& route, const RequestView& request, bool fromInside)
{
    m_rules = &route.retry;
    m_retries = route.retry.retries;
    m_timeout = route.timeout;
    m_perTryTimeout = route.retry.perTryTimeout;
    if (fromInside && request.hasEnvoyHeaders)
        takeHeaders(request);
    if (m_timeout.count() > 0 && m_perTryTimeout >= m_timeout)
        m_perTryTimeout = Micros(0);
    if (!m_rules->covers(request))
        m_rules = &kNone;
}

void RetryState::clear()
{
    m_rules = &kNone;
    m_own.reset();
    m_tried.clear();
    m_attempts = m_retries = 0;
    m_triedPriorities = 0;
    m_askedPause.reset();
    m_timeoutStatus = 504;
}

Micros RetryState::tryPatience() const
{
    const Micros idle = m_rules->perTryIdleTimeout;
    if (idle.count() == 0 || m_perTryTimeout.count() == 0)
        return std::max(idle, m_perTryTimeout);
    return std::min(idle, m_perTryTimeout);
}

RetryRules& RetryState::ownRules()
{
    if (m_own == nullptr)
        m_own = std::make_unique<RetryRules>(*m_rules);
    m_rules = m_own.get();
    return *m_own;
}

void RetryState::takeHeaders(const RequestView& request)
{
    using std::chrono::milliseconds;
    if (const auto limit = number(request, "x-envoy-upstream-rq-timeout-ms"))
        m_timeout = milliseconds(*limit);
    if (const auto limit = number(request, "x-envoy-upstream-rq-per-try-timeout-ms"))
        m_perTryTimeout = milliseconds(*limit);
    if (request.header("x-envoy-upstream-rq-timeout-alt-response"))
        m_timeoutStatus = 204;
    for (const char* name : {"x-envoy-retry-on", "x-envoy-retry-grpc-on"}) {
        if (const auto words = request.header(name)) {
            if (m_rules->on == 0)
                m_retries = std::max(m_retries, 1U); // a policy of the request's own
            ownRules().addConditions(*words);
        }
    }
    if (m_rules->on == 0)
        return;
    if (const auto statuses = request.header("x-envoy-retriable-status-codes"))
        ownRules().addStatuses(*statuses);
    if (const auto names = request.header("x-envoy-retriable-header-names"))
        ownRules().addHeaderNames(*names);
    if (const auto retries = number(request, "x-envoy-max-retries"))
        m_retries = *retries;
}

PickContext RetryState::pickContext() const
{
    PickContext context;
    context.triedPriorities = m_triedPriorities;
    if (m_rules->avoidsPreviousHosts)
        context.avoid = m_tried;
    context.hostAttempts = m_rules->hostAttempts;
    return context;
}

void RetryState::noteAttempt(Endpoint* endpoint)
{
    ++m_attempts;
    if (endpoint == nullptr || m_retries == 0)
        return;
    m_tried.push_back(endpoint);
    const unsigned frequency = m_rules->priorityFrequency;
    if (frequency == 0 || m_attempts % frequency != 0)
        return;
    for (const Endpoint* tried : m_tried)
        m_triedPriorities |= 1U << std::min(tried->spec().priority, 31U);
}

void RetryState::noteResponse(
    const RequestView& response, std::int64_t unixSeconds, std::uint64_t random)
{
    m_askedPause = m_rules->resetPause(response, unixSeconds, random);
}

Micros RetryState::pause(std::uint64_t random)
{
    if (const auto asked = std::exchange(m_askedPause, std::nullopt))
        return *asked;
    return m_rules->backOff(m_attempts, random);
}

} // namespace meshyard::proxy
