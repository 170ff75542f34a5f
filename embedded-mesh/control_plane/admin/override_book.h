// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/store/store.h"
#include "embedded-mesh/control_plane/translate/translator.h"
#include "embedded-mesh/core/clock.h"
#include "meshyard/v1/admin.pb.h"

#include <mutex>
#include <string>
#include <vector>

namespace meshyard::control_plane {

/// Overrides in force and resets just given: what the operation log holds.
///
/// They survive a restart with the time they have left. Thread: any.
class OverrideBook final
{
public:
    /// `store` and `clock` outlive us.
    OverrideBook(Store& store, const Clock& clock);

    /// @return InvalidArgument for a time to live outside 5 s to 24 h, a share outside 1..100 or a
    /// selector without destination.
    Result<v1::ActiveOverride> set(const v1::SetOverrideRequest& request);
    /// @return what was released; NotFound when nothing matches.
    Result<std::vector<v1::ActiveOverride>> release(const v1::ReleaseOverrideRequest& request);
    /// Queues a reset for the proxies and releases the edge's overrides.
    v1::ActiveOverride reset(const v1::ResetBreakerRequest& request);
    /// Takes out what has run its time. @return the overrides among it.
    std::vector<v1::ActiveOverride> expire();

    std::vector<v1::ActiveOverride> active() const;
    /// Overrides and resets, for translateOverrides().
    std::vector<OverrideView> views() const;
    /// Something was there that expire() took out, resets included.
    bool takeChanged();

private:
    struct Reset
    {
        OverrideView view;
        TimePoint until;
    };
    std::int64_t nowMs() const;
    std::string nextId(const char* prefix);
    void forget(const v1::ActiveOverride& active, const std::string& what);

    Store& m_store;
    const Clock& m_clock;
    mutable std::mutex m_mutex; // guards all below
    std::vector<v1::ActiveOverride> m_active;
    std::vector<Reset> m_resets;
    std::uint64_t m_serial = 0;
    bool m_changed = false;
};

} // namespace meshyard::control_plane
