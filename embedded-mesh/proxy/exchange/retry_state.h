// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/route/route_table.h"
#include "embedded-mesh/proxy/upstream/host_picker.h"

namespace meshyard::proxy {

/// The attempts of one request: by its route's retry policy and by what its own x-envoy-… headers
/// ask for. Decides only; sends nothing.
///
/// Follows Envoy: configuration/http/http_filters/router_filter.
/// Thread: its worker's.
class RetryState final
{
public:
    /// A new request. @param request may carry x-envoy-… headers that count: it comes from inside.
    void begin(const ForwardAction& route, const RequestView& request, bool fromInside);
    void clear();

    /// Of the whole request; 0 = none.
    Micros timeout() const { return m_timeout; }
    /// Of each attempt; 0 = none.
    Micros perTryTimeout() const { return m_perTryTimeout; }
    Micros perTryIdleTimeout() const { return m_rules->perTryIdleTimeout; }
    /// How long an attempt may stay without an answer; 0 = as long as the request.
    Micros tryPatience() const;
    /// What a timed-out request is answered with: 504, or 204 where the caller asked for it.
    int timeoutStatus() const { return m_timeoutStatus; }

    unsigned attempts() const { return m_attempts; }
    /// There were retries to make, and all have been made.
    bool isExhausted() const { return m_retries > 0 && m_attempts > m_retries; }
    /// Whether another attempt may ever follow: only then is the request body kept.
    bool mayRetry() const { return m_attempts <= m_retries && m_rules->on != 0; }
    bool retriesResponse(int status, const RequestView& response) const
    {
        return mayRetry() && m_rules->retriesResponse(status, response);
    }
    /// @param code of the head or of trailers that came in its place; 0 or below = none.
    bool retriesGrpcStatus(int code) const
    {
        return code > 0 && mayRetry() && m_rules->retriesGrpcStatus(static_cast<unsigned>(code));
    }
    bool retriesLoss(AttemptLoss loss) const { return mayRetry() && m_rules->retriesLoss(loss); }

    /// What the choice of the next endpoint goes by.
    PickContext pickContext() const;
    void noteAttempt(Endpoint* endpoint);
    /// Reads how long the response asks us to wait. Before pause().
    void noteResponse(const RequestView& response, std::int64_t unixSeconds, std::uint64_t random);
    /// Before the next attempt.
    Micros pause(std::uint64_t random);

private:
    void takeHeaders(const RequestView& request);
    RetryRules& ownRules();

    const RetryRules* m_rules = &kNone;
    std::unique_ptr<RetryRules> m_own; // when the request's headers change them
    unsigned m_retries = 0;
    unsigned m_attempts = 0;
    Micros m_timeout{0};
    Micros m_perTryTimeout{0};
    int m_timeoutStatus = 504;
    std::vector<Endpoint*> m_tried;
    std::uint32_t m_triedPriorities = 0;
    std::optional<Micros> m_askedPause;

    static const RetryRules kNone;
};

} // namespace meshyard::proxy
