// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/http_filter.h"

namespace envoy::extensions::filters::network::http_connection_manager::v3 {
class HttpConnectionManager;
class HttpFilter;
} // namespace envoy::extensions::filters::network::http_connection_manager::v3

namespace meshyard::proxy {

class JwksSource;

/// The http_filters of a listener in order, without the router.
///
/// Thread: immutable apart from atomic state; shared by workers.
/// Follows Envoy: filters see a request after its route is known, even when none matches; the most
/// specific typed_per_filter_config counts, and may disable a filter.
class FilterChain final
{
public:
    using Hcm
        = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;

    /// @param warnings gets what is_optional lets us leave out.
    /// @return nullptr when nothing is left to do.
    static Result<std::shared_ptr<const FilterChain>> compile(
        const Hcm& hcm, const std::string& place, std::vector<std::string>& warnings);

    /// @param overrides of the route; nullptr = no route matched.
    HttpFilter::Verdict decide(RequestPass& pass, const FilterOverrides* overrides) const;

    /// Key sets that have to be fetched for requests to be judged.
    const std::vector<std::shared_ptr<JwksSource>>& keySources() const { return m_keySources; }
    void visitStats(const StatSink& sink) const;

private:
    struct Link
    {
        std::unique_ptr<const HttpFilter> filter;
        bool disabled = false; // unless a route enables it
    };

    using FilterProto
        = envoy::extensions::filters::network::http_connection_manager::v3::HttpFilter;

    Result<bool> add(const FilterProto& proto, const std::string& statPrefix);

    std::vector<Link> m_links;
    std::vector<std::shared_ptr<JwksSource>> m_keySources;
};

} // namespace meshyard::proxy
