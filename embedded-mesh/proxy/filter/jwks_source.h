// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/counter.h"
#include "embedded-mesh/proxy/filter/jwks.h"

#include <atomic>
#include <chrono>

namespace envoy::extensions::filters::http::jwt_authn::v3 {
class RemoteJwks;
}

namespace meshyard::proxy {

/// Where the keys of one provider come from by URI, and those that came last. Workers read it, one
/// of them fetches.
class JwksSource final
{
public:
    using Proto = envoy::extensions::filters::http::jwt_authn::v3::RemoteJwks;

    static Result<std::shared_ptr<JwksSource>> compile(const Proto& proto);

    std::shared_ptr<const KeySet> keys() const { return m_keys.load(); }
    /// The first fetch has not ended yet, one way or the other.
    bool isPending() const { return !m_settled.load(std::memory_order_acquire); }

    /// @return whether the caller is the one who fetches from now on.
    bool claim() { return !m_claimed.exchange(true); }
    void release() { m_claimed = false; }
    void succeed(std::shared_ptr<const KeySet> keys);
    /// Keys that are there stay.
    void fail();

    std::string cluster;
    std::string host;
    std::string target;
    std::chrono::milliseconds timeout{0};
    std::chrono::milliseconds lifetime{std::chrono::minutes(10)};
    std::chrono::milliseconds retryAfter{std::chrono::seconds(1)};
    Counter fetched;
    Counter failed;

private:
    std::atomic<std::shared_ptr<const KeySet>> m_keys;
    std::atomic<bool> m_settled{false};
    std::atomic<bool> m_claimed{false};
};

} // namespace meshyard::proxy
