// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Any;
template <typename Key, typename T> class Map;
} // namespace google::protobuf

namespace meshyard::proxy {

/// One filter's own configuration of a route; each filter derives its own.
struct FilterSettings
{
    virtual ~FilterSettings() = default;
};

/// What a virtual host, a route and a weighted cluster say about filters (typed_per_filter_config),
/// folded when configuration arrives: the most specific word on each filter.
class FilterOverrides final
{
public:
    struct Entry
    {
        std::string filter; // the name it has in http_filters
        bool disabled = false;
        std::shared_ptr<const FilterSettings> settings;
    };

    using Configs = google::protobuf::Map<std::string, google::protobuf::Any>;

    /// Adds a more specific level.
    Result<void> append(const Configs& configs);

    const Entry* find(std::string_view filter) const
    {
        for (const Entry& entry : m_entries) {
            if (entry.filter == filter)
                return &entry;
        }
        return nullptr;
    }
    bool isEmpty() const { return m_entries.empty(); }

private:
    std::vector<Entry> m_entries;
};

/// Compiles whatever a filter takes as configuration of a route. @return nullptr = of no filter
/// this proxy has.
Result<std::shared_ptr<const FilterSettings>> compileFilterSettings(
    const google::protobuf::Any& config);

} // namespace meshyard::proxy
