// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <nlohmann/json_fwd.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::proxy {

/// What filters found out about one request, for filters behind them: JSON objects by name, as
/// "envoy.filters.http.jwt_authn".
class DynamicMetadata final
{
public:
    using Json = nlohmann::json;

    void set(std::string_view filter, std::shared_ptr<const Json> value);
    const Json* find(std::string_view filter) const;
    bool isEmpty() const { return m_entries.empty(); }
    void clear() { m_entries.clear(); }

private:
    struct Entry
    {
        std::string filter;
        std::shared_ptr<const Json> value;
    };

    std::vector<Entry> m_entries;
};

} // namespace meshyard::proxy
