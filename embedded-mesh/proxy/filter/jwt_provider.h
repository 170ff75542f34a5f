// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/http_filter.h"
#include "embedded-mesh/proxy/filter/jwks_source.h"

#include <optional>

namespace envoy::extensions::filters::http::jwt_authn::v3 {
class JwtProvider;
}

namespace meshyard::proxy {

/// A compiled JwtProvider: where a token stands, who may have issued it, and what a good one gives.
class JwtProvider final
{
public:
    using Proto = envoy::extensions::filters::http::jwt_authn::v3::JwtProvider;

    static Result<std::unique_ptr<const JwtProvider>> compile(const Proto& proto);

    /// Judges all tokens this provider finds. Good ones act on the request.
    /// @param audiences instead of the provider's own; empty = those.
    JwtError check(RequestPass& pass, const std::vector<std::string>& audiences) const;
    /// What callers may not say themselves goes.
    void dropForgedHeaders(RequestPass& pass) const;
    bool isWaiting() const { return m_remote != nullptr && m_remote->isPending(); }
    const std::shared_ptr<JwksSource>& remote() const { return m_remote; }
    const std::string& issuer() const { return m_issuer; }

private:
    enum class Place : std::uint8_t { Header, Query, Cookie };

    struct Location
    {
        Place place = Place::Header;
        std::string name;
        std::string prefix;
    };

    struct Found
    {
        const Location* location;
        std::string_view text;
    };

    struct ClaimHeader
    {
        std::string header;
        std::vector<std::string> path; // of the claim
    };

    Result<void> compilePlaces(const Proto& proto);
    Result<void> compileKeys(const Proto& proto);
    Result<void> compileOutputs(const Proto& proto);
    std::vector<Found> find(const RequestView& request) const;
    JwtError judge(const Jwt& token, const RequestPass& pass,
        const std::vector<std::string>& audiences) const;
    JwtError judgeClaims(
        const Jwt& token, WallTime now, const std::vector<std::string>& audiences) const;
    void accept(const Jwt& token, const Location& location, RequestPass& pass) const;
    void publish(const Jwt& token, RequestPass& pass) const;

    std::string m_issuer; // empty = any
    std::vector<std::string> m_audiences;
    std::optional<StringTest> m_subjects;
    bool m_requiresExpiration = false;
    std::chrono::seconds m_maxLifetime{0}; // 0 = any
    std::chrono::seconds m_skew{60};
    std::vector<Location> m_locations;
    std::shared_ptr<JwksSource> m_remote;
    std::shared_ptr<const KeySet> m_local;
    bool m_forwards = false;
    std::string m_payloadHeader;
    bool m_padsPayload = false;
    std::string m_metadataKey;
    std::vector<std::string> m_listClaims; // space-delimited ones, published as lists
    std::vector<ClaimHeader> m_claimHeaders;
    bool m_clearsRoute = false;
};

} // namespace meshyard::proxy
