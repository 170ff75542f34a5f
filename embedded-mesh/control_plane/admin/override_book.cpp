// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/admin/override_book.h"

#include "embedded-mesh/control_plane/admin/proto_convert.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace meshyard::control_plane {
namespace {

using namespace std::chrono_literals;

constexpr std::int64_t kDefaultTtlMs = 600'000;
constexpr std::int64_t kShortestTtlMs = 5'000;
constexpr std::int64_t kLongestTtlMs = 86'400'000;
constexpr Duration kResetStays = 10s; // long enough for a proxy that reconnects just now

Result<void> check(const v1::SetOverrideRequest& request, std::int64_t ttlMs)
{
    if (request.edge().destination_service().empty())
        return failure(ErrorCode::InvalidArgument, "an override needs a destination service");
    if (request.kind() == v1::OVERRIDE_NONE)
        return failure(ErrorCode::InvalidArgument,
            "an override needs a kind: FORCED_OPEN, FORCED_CLOSED or DRAINING");
    if (!request.until_released() && (ttlMs < kShortestTtlMs || ttlMs > kLongestTtlMs))
        return failure(ErrorCode::InvalidArgument,
            fmt::format("a time to live of {} ms is outside 5 s to 24 h", ttlMs));
    const bool share = request.drain_percent() >= 1 && request.drain_percent() <= 100;
    if (request.kind() == v1::DRAINING && !share)
        return failure(ErrorCode::InvalidArgument,
            "DRAINING needs drain_percent, the share refused, 1 to 100");
    return {};
}

bool sameEdge(const v1::EdgeSelector& a, const v1::EdgeSelector& b)
{
    return google::protobuf::util::MessageDifferencer::Equals(a, b);
}

/// Whether releasing `wanted` means an override set for `edge`.
bool covers(const v1::EdgeSelector& wanted, const v1::EdgeSelector& edge)
{
    const auto part = [](const std::string& w, const std::string& e) {
        return w.empty() || w == "*" || w == e;
    };
    return part(wanted.source_namespace(), edge.source_namespace())
        && part(wanted.source_service(), edge.source_service())
        && part(wanted.source_version(), edge.source_version())
        && part(wanted.destination_namespace(), edge.destination_namespace())
        && part(wanted.destination_service(), edge.destination_service())
        && part(wanted.subset(), edge.subset())
        && part(wanted.destination_version(), edge.destination_version());
}

} // namespace

OverrideBook::OverrideBook(Store& store, const Clock& clock)
    : m_store(store)
    , m_clock(clock)
{
    for (const StoredOperation& operation : store.operations()) {
        v1::ActiveOverride active;
        if (active.ParseFromString(operation.payload))
            m_active.push_back(std::move(active));
    }
}

std::int64_t OverrideBook::nowMs() const
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        m_clock.system().time_since_epoch())
        .count();
}

std::string OverrideBook::nextId(const char* prefix)
{
    return fmt::format("{}-{:x}-{}", prefix, nowMs(), ++m_serial);
}

void OverrideBook::forget(const v1::ActiveOverride& active, const std::string& what)
{
    if (auto removed = m_store.removeOperation(active.id(), what); !removed)
        spdlog::error("override {}: {}", active.id(), removed.error().message);
}

Result<v1::ActiveOverride> OverrideBook::set(const v1::SetOverrideRequest& request)
{
    const std::int64_t ttlMs = request.ttl_ms() == 0 ? kDefaultTtlMs : request.ttl_ms();
    if (auto checked = check(request, ttlMs); !checked)
        return tl::unexpected(checked.error());
    const std::scoped_lock lock(m_mutex);
    v1::ActiveOverride active;
    active.set_id(nextId("override"));
    *active.mutable_edge() = request.edge();
    active.set_kind(request.kind());
    active.set_drain_percent(request.drain_percent());
    active.set_until_released(request.until_released());
    active.set_set_unix_ms(nowMs());
    active.set_deadline_unix_ms(request.until_released() ? 0 : nowMs() + ttlMs);
    active.set_reason(request.reason().empty() ? "manual" : request.reason());
    active.set_operator_name(request.operator_name());
    auto stored
        = m_store.putOperation({active.id(), active.SerializeAsString(), active.deadline_unix_ms()},
            fmt::format("{} {} by {}: {}", v1::OverrideKind_Name(active.kind()),
                describe(active.edge()), active.operator_name(), active.reason()));
    if (!stored)
        return tl::unexpected(stored.error());
    std::erase_if(m_active, [&](const v1::ActiveOverride& older) { // the newest word counts
        const bool replaced = sameEdge(older.edge(), active.edge());
        if (replaced)
            forget(older, "replaced by " + active.id());
        return replaced;
    });
    m_active.push_back(active);
    return active;
}

Result<std::vector<v1::ActiveOverride>> OverrideBook::release(
    const v1::ReleaseOverrideRequest& request)
{
    const std::scoped_lock lock(m_mutex);
    std::vector<v1::ActiveOverride> released;
    std::erase_if(m_active, [&](const v1::ActiveOverride& active) {
        const bool wanted = request.id().empty() ? covers(request.edge(), active.edge())
                                                 : request.id() == active.id();
        if (wanted) {
            forget(active, "released by " + request.operator_name());
            released.push_back(active);
        }
        return wanted;
    });
    if (released.empty())
        return failure(ErrorCode::NotFound,
            request.id().empty()
                ? fmt::format("no override is in force on {}", describe(request.edge()))
                : fmt::format("there is no override {}: it may have expired", request.id()));
    return released;
}

v1::ActiveOverride OverrideBook::reset(const v1::ResetBreakerRequest& request)
{
    const std::scoped_lock lock(m_mutex);
    std::erase_if(m_active, [&](const v1::ActiveOverride& active) {
        const bool wanted = covers(request.edge(), active.edge());
        if (wanted)
            forget(active, "reset by " + request.operator_name());
        return wanted;
    });
    v1::ActiveOverride reset;
    reset.set_id(nextId("reset"));
    *reset.mutable_edge() = request.edge();
    reset.set_operator_name(request.operator_name());
    reset.set_set_unix_ms(nowMs());
    reset.set_reason("reset");
    m_resets.push_back({{reset, true}, m_clock.now() + kResetStays});
    return reset;
}

std::vector<v1::ActiveOverride> OverrideBook::expire()
{
    const std::scoped_lock lock(m_mutex);
    const std::int64_t now = nowMs();
    std::vector<v1::ActiveOverride> expired;
    std::erase_if(m_active, [&](const v1::ActiveOverride& active) {
        const bool over = !active.until_released() && active.deadline_unix_ms() <= now;
        if (over) {
            forget(active, "expired");
            expired.push_back(active);
        }
        return over;
    });
    const auto resets = std::erase_if(
        m_resets, [this](const Reset& reset) { return m_clock.now() >= reset.until; });
    m_changed = m_changed || resets > 0 || !expired.empty();
    return expired;
}

bool OverrideBook::takeChanged()
{
    const std::scoped_lock lock(m_mutex);
    return std::exchange(m_changed, false);
}

std::vector<v1::ActiveOverride> OverrideBook::active() const
{
    const std::scoped_lock lock(m_mutex);
    return m_active;
}

std::vector<OverrideView> OverrideBook::views() const
{
    const std::scoped_lock lock(m_mutex);
    std::vector<OverrideView> views;
    for (const v1::ActiveOverride& active : m_active)
        views.push_back({active, false});
    for (const Reset& reset : m_resets)
        views.push_back(reset.view);
    return views;
}

} // namespace meshyard::control_plane
