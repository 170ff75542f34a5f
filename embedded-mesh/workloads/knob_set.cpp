// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/knob_set.h"

#include "embedded-mesh/workloads/json_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace meshyard::workloads {

void KnobSet::add(std::string name, double& value, double lowest, double highest)
{
    m_knobs.push_back({std::move(name), &value, lowest, highest});
}

Result<double> KnobSet::checked(const Knob& knob, std::string_view text) const
{
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc() || stop != end || !(value >= knob.lowest && value <= knob.highest))
        return failure(ErrorCode::InvalidArgument,
            fmt::format(
                "{}={}: write a number of {} to {}", knob.name, text, knob.lowest, knob.highest));
    return value;
}

Result<void> KnobSet::apply(std::string_view query)
{
    std::vector<std::pair<double*, double>> changes;
    while (!query.empty()) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty())
            continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const auto knob = std::ranges::find(m_knobs, pair.substr(0, equals), &Knob::name);
        if (knob == m_knobs.end())
            return failure(ErrorCode::InvalidArgument,
                fmt::format("there is no knob '{}'", pair.substr(0, equals)));
        const auto value = checked(*knob, pair.substr(std::min(equals + 1, pair.size())));
        if (!value)
            return tl::unexpected(value.error());
        changes.emplace_back(knob->value, *value);
    }
    for (const auto& [target, value] : changes)
        *target = value;
    return {};
}

std::string KnobSet::json() const
{
    std::string json = "{";
    for (const Knob& knob : m_knobs)
        json += fmt::format("{}{}:{}", json.size() > 1 ? "," : "", quoted(knob.name), *knob.value);
    return json + '}';
}

} // namespace meshyard::workloads
