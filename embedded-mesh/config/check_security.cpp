// SPDX-License-Identifier: GPL-3.0-or-later
// PeerAuthentication, RequestAuthentication and AuthorizationPolicy.
#include "embedded-mesh/config/check_context.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/document/suggestion.h"

#include "istio/kinds/v1/security.pb.h"
#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace meshyard::config {
namespace {

using namespace kinds::v1;
using document::quoted;

void checkSelector(const CheckContext& context, const WorkloadSelector& selector)
{
    const ConfigIndex::Labels labels(
        selector.match_labels().begin(), selector.match_labels().end());
    if (!labels.empty() && context.index.knowsMesh()
        && !context.index.selects(context.ns(), labels))
        context.warning("MY0206", "spec.selector",
            "no workload of " + context.ns() + " is labelled " + labelsText(labels));
}

void checkPeer(const CheckContext& context, const PeerAuthentication& spec)
{
    checkSelector(context, spec.selector());
    if (!spec.port_level_mtls().empty() && !spec.has_selector())
        context.error(
            "MY0701", "spec.portLevelMtls", "ports need a selector beside them: add selector");
}

void checkTokens(const CheckContext& context, const RequestAuthentication& spec)
{
    checkSelector(context, spec.selector());
    for (int i = 0; i < spec.jwt_rules_size(); ++i) {
        const auto& rule = spec.jwt_rules(i);
        const std::string field = at("spec.jwtRules", i);
        if (rule.issuer().empty())
            context.missing(field + ".issuer", "\"issuer\" is missing: say who signs the tokens");
        if (!rule.jwks().empty() && !rule.jwks_uri().empty())
            context.error("MY0409", field, "jwks and jwksUri exclude each other: keep one of them");
    }
}

void checkRules(const CheckContext& context, const AuthorizationPolicy& spec)
{
    static const std::array<std::string_view, 9> kMethods
        = {"GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};
    for (int i = 0; i < spec.rules_size(); ++i) {
        for (int k = 0; k < spec.rules(i).from_size(); ++k) {
            const auto& source = spec.rules(i).from(k).source();
            for (int n = 0; n < source.namespaces_size(); ++n) {
                const std::string& ns = source.namespaces(n);
                if (context.index.knowsMesh() && ns.find('*') == std::string::npos
                    && !context.index.hasNamespace(ns))
                    context.warning("MY0204",
                        at(at(at("spec.rules", i) + ".from", k) + ".source.namespaces", n),
                        "there is no namespace " + quoted(ns));
            }
        }
        for (int k = 0; k < spec.rules(i).to_size(); ++k) {
            const auto& operation = spec.rules(i).to(k).operation();
            for (int m = 0; m < operation.methods_size(); ++m) {
                const std::string& method = operation.methods(m);
                if (method.find('*') == std::string::npos && method.find('/') == std::string::npos
                    && std::ranges::find(kMethods, method) == kMethods.end())
                    context.warning("MY0702",
                        at(at(at("spec.rules", i) + ".to", k) + ".operation.methods", m),
                        quoted(method) + " is not an HTTP method: write it in capitals");
            }
        }
    }
}

void checkPolicy(const CheckContext& context, const AuthorizationPolicy& spec)
{
    checkSelector(context, spec.selector());
    if (spec.action() == AuthorizationPolicy::DENY && spec.rules().empty())
        context.error(
            "MY0703", "spec.rules", "a DENY policy without rules denies nothing: add a rule");
    if (spec.action() == AuthorizationPolicy::CUSTOM && spec.provider().name().empty())
        context.missing("spec.provider", "action CUSTOM needs a provider: name it");
    checkRules(context, spec);
}

} // namespace

void checkSecurity(const CheckContext& context)
{
    if (const auto* peer = specOf<PeerAuthentication>(context.resource))
        checkPeer(context, *peer);
    else if (const auto* tokens = specOf<RequestAuthentication>(context.resource))
        checkTokens(context, *tokens);
    else if (const auto* policy = specOf<AuthorizationPolicy>(context.resource))
        checkPolicy(context, *policy);
}

} // namespace meshyard::config
