// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/filter_settings.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/route/v3/route_components.pb.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

Result<FilterOverrides::Entry> compileEntry(
    const std::string& filter, const google::protobuf::Any& config)
{
    FilterOverrides::Entry entry;
    entry.filter = filter;
    envoy::config::route::v3::FilterConfig wrapped;
    const bool wraps = config.Is<envoy::config::route::v3::FilterConfig>();
    if (wraps && !config.UnpackTo(&wrapped))
        return failure(ErrorCode::InvalidArgument, "FilterConfig does not decode");
    entry.disabled = wrapped.disabled();
    const google::protobuf::Any& own = wraps ? wrapped.config() : config;
    if (wraps && own.type_url().empty())
        return entry;
    auto settings = compileFilterSettings(own);
    if (!settings)
        return tl::unexpected(settings.error());
    entry.settings = std::move(*settings);
    if (entry.settings == nullptr && !wrapped.is_optional()) {
        return failure(ErrorCode::InvalidArgument,
            "configuration of type " + own.type_url() + " is of no filter supported here");
    }
    return entry;
}

} // namespace

Result<void> FilterOverrides::append(const Configs& configs)
{
    for (const auto& [filter, config] : configs) {
        auto entry = compileEntry(filter, config);
        if (!entry)
            return at("typed_per_filter_config " + filter, entry.error());
        const auto known = std::ranges::find(m_entries, filter, &Entry::filter);
        if (known != m_entries.end())
            *known = std::move(*entry);
        else
            m_entries.push_back(std::move(*entry));
    }
    return {};
}

} // namespace meshyard::proxy
