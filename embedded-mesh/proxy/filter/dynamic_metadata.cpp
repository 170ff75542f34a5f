// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/dynamic_metadata.h"

#include <algorithm>

namespace meshyard::proxy {

void DynamicMetadata::set(std::string_view filter, std::shared_ptr<const Json> value)
{
    const auto known = std::ranges::find(m_entries, filter, &Entry::filter);
    if (known != m_entries.end())
        known->value = std::move(value);
    else
        m_entries.push_back({std::string(filter), std::move(value)});
}

const DynamicMetadata::Json* DynamicMetadata::find(std::string_view filter) const
{
    const auto known = std::ranges::find(m_entries, filter, &Entry::filter);
    return known == m_entries.end() ? nullptr : known->value.get();
}

} // namespace meshyard::proxy
