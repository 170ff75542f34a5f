// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/http_filter.h"
#include "embedded-mesh/proxy/filter/rbac.h"

namespace envoy::extensions::filters::http::rbac::v3 {
class RBAC;
}
namespace envoy::extensions::filters::network::rbac::v3 {
class RBAC;
}

namespace meshyard::proxy {

/// Rules in force and rules that are only counted.
struct RbacSettings final : FilterSettings
{
    std::optional<RbacRules> rules; // none = everybody may
    std::optional<RbacRules> shadowRules;

    template <typename Proto> static Result<RbacSettings> compile(const Proto& proto);
};

struct RbacCounters
{
    Counter allowed;
    Counter denied;
    Counter shadowAllowed;
    Counter shadowDenied;
    std::string prefix; // "http.ingress."
    std::string rulesPrefix; // rules_stat_prefix
    std::string shadowPrefix;

    void visit(const StatSink& sink) const;
};

/// envoy.filters.http.rbac: 403 for who may not.
class RbacFilter final : public HttpFilter
{
public:
    using Proto = envoy::extensions::filters::http::rbac::v3::RBAC;

    static Result<std::unique_ptr<const HttpFilter>> compile(
        const std::string& name, const Proto& proto, const std::string& statPrefix);

    RbacFilter(
        std::string name, RbacSettings settings, const Proto& proto, const std::string& statPrefix);

    Verdict onRequest(RequestPass& pass, const FilterSettings* own) const override;
    void visitStats(const StatSink& sink) const override { m_counters.visit(sink); }

private:
    const RbacSettings m_settings;
    mutable RbacCounters m_counters; // atomic
};

/// envoy.filters.network.rbac: judged once, when a connection comes (for TLS, when its handshake
/// is done), before an upstream hears of it.
class NetworkRbac final
{
public:
    using Proto = envoy::extensions::filters::network::rbac::v3::RBAC;

    static Result<std::shared_ptr<const NetworkRbac>> compile(const Proto& proto);

    bool allows(const ConnectionInfo& connection) const;
    void visitStats(const StatSink& sink) const { m_counters.visit(sink); }

private:
    RbacSettings m_settings;
    mutable RbacCounters m_counters; // atomic
};

} // namespace meshyard::proxy
