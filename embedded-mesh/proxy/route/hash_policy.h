// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/proxy/route/request_view.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace envoy::config::route::v3 {
class RouteAction_HashPolicy;
}
namespace google::protobuf {
template <typename T> class RepeatedPtrField;
}
namespace re2 {
class RE2;
}

namespace meshyard::proxy {

/// The hash_policy list of a route: what of a request decides where it goes.
///
/// Follows Envoy: config.route.v3.RouteAction.HashPolicy; the hash is XXH64, so that the same
/// request lands on the same endpoint as behind an Envoy.
/// Thread: immutable.
class HashPolicies final
{
public:
    using Protos
        = google::protobuf::RepeatedPtrField<envoy::config::route::v3::RouteAction_HashPolicy>;

    static Result<HashPolicies> compile(const Protos& protos);
    bool isEmpty() const { return m_policies.empty(); }

    /// @param newCookie gets the value of a Set-Cookie line when a cookie had to be made up.
    /// @return nullopt when nothing of the request takes part: any endpoint will do.
    std::optional<std::uint64_t> hash(const RequestView& request, std::string& newCookie) const;

private:
    enum class Kind : std::uint8_t { Header, Cookie, SourceIp, QueryParameter };

    struct Policy
    {
        Kind kind = Kind::Header;
        std::string name;
        bool terminal = false;
        std::shared_ptr<const re2::RE2> regex; // of a header's value
        std::string substitution;
        std::optional<std::chrono::seconds> ttl; // a cookie that may be made up; 0 = of the session
        std::string cookieEnd; // "; Path=/; …"
    };

    static Result<Policy> compileOne(const envoy::config::route::v3::RouteAction_HashPolicy& proto);
    static std::optional<std::uint64_t> hashOf(
        const Policy& policy, const RequestView& request, std::string& newCookie);
    static std::optional<std::uint64_t> headerHash(
        const Policy& policy, const RequestView& request);
    static std::optional<std::uint64_t> cookieHash(
        const Policy& policy, const RequestView& request, std::string& newCookie);

    std::vector<Policy> m_policies;
};

} // namespace meshyard::proxy
