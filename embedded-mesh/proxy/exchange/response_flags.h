// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace meshyard::proxy {

/// Why a request did not simply end with its upstream's answer. Named as Envoy names them:
/// configuration/observability/access_log, RESPONSE_FLAGS.
enum class ResponseFlag : std::uint8_t {
    FailedLocalHealthCheck, // LH
    NoHealthyUpstream, // UH
    UpstreamRequestTimeout, // UT
    LocalReset, // LR
    UpstreamRemoteReset, // UR
    UpstreamConnectionFailure, // UF
    UpstreamConnectionTermination, // UC
    UpstreamOverflow, // UO
    NoRouteFound, // NR
    DelayInjected, // DI
    FaultInjected, // FI
    RateLimited, // RL
    UnauthorizedExternalService, // UAEX
    RateLimitServiceError, // RLSE
    DownstreamConnectionTermination, // DC
    UpstreamRetryLimitExceeded, // URX
    StreamIdleTimeout, // SI
    InvalidRequestHeaders, // IH
    DownstreamProtocolError, // DPE
    UpstreamMaxStreamDurationReached, // UMSDR
    NoFilterConfigFound, // NFCF
    DurationTimeout, // DT
    UpstreamProtocolError, // UPE
    NoClusterFound, // NC
    OverloadManager, // OM
    DnsResolutionFailed, // DF
};
inline constexpr std::size_t kResponseFlags = 26;

struct ResponseFlagName
{
    std::string_view code;
    std::string_view word;
};

inline constexpr std::array<ResponseFlagName, kResponseFlags> kResponseFlagNames{{
    {"LH", "FailedLocalHealthCheck"},
    {"UH", "NoHealthyUpstream"},
    {"UT", "UpstreamRequestTimeout"},
    {"LR", "LocalReset"},
    {"UR", "UpstreamRemoteReset"},
    {"UF", "UpstreamConnectionFailure"},
    {"UC", "UpstreamConnectionTermination"},
    {"UO", "UpstreamOverflow"},
    {"NR", "NoRouteFound"},
    {"DI", "DelayInjected"},
    {"FI", "FaultInjected"},
    {"RL", "RateLimited"},
    {"UAEX", "UnauthorizedExternalService"},
    {"RLSE", "RateLimitServiceError"},
    {"DC", "DownstreamConnectionTermination"},
    {"URX", "UpstreamRetryLimitExceeded"},
    {"SI", "StreamIdleTimeout"},
    {"IH", "InvalidEnvoyRequestHeaders"},
    {"DPE", "DownstreamProtocolError"},
    {"UMSDR", "UpstreamMaxStreamDurationReached"},
    {"NFCF", "NoFilterConfigFound"},
    {"DT", "DurationTimeout"},
    {"UPE", "UpstreamProtocolError"},
    {"NC", "NoClusterFound"},
    {"OM", "OverloadManagerTerminated"},
    {"DF", "DnsResolutionFailed"},
}};

/// A set of flags.
class ResponseFlags final
{
public:
    constexpr ResponseFlags() = default;
    constexpr explicit ResponseFlags(ResponseFlag flag)
        : m_bits(1U << static_cast<unsigned>(flag))
    {
    }

    void set(ResponseFlag flag) { m_bits |= 1U << static_cast<unsigned>(flag); }
    bool has(ResponseFlag flag) const { return (m_bits >> static_cast<unsigned>(flag) & 1U) != 0; }
    bool isEmpty() const { return m_bits == 0; }
    bool overlaps(ResponseFlags other) const { return (m_bits & other.m_bits) != 0; }
    std::uint32_t bits() const { return m_bits; }

    /// visit(name) for each, in Envoy's order.
    template <typename Visit> void forEach(Visit&& visit) const
    {
        for (std::size_t i = 0; i < kResponseFlags; ++i) {
            if ((m_bits >> i & 1U) != 0)
                visit(kResponseFlagNames[i]);
        }
    }

    static std::optional<ResponseFlag> byCode(std::string_view code)
    {
        for (std::size_t i = 0; i < kResponseFlags; ++i) {
            if (kResponseFlagNames[i].code == code)
                return static_cast<ResponseFlag>(i);
        }
        return std::nullopt;
    }

private:
    std::uint32_t m_bits = 0;
};

} // namespace meshyard::proxy
