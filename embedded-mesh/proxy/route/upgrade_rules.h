// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/route/request_view.h"

#include <optional>
#include <string>
#include <vector>

namespace meshyard::proxy {

/// Which protocols a request may change to ("websocket"), and whether CONNECT is let through
/// ("CONNECT"). A route's word counts more than its listener's; what neither names is refused.
struct UpgradeRules
{
    struct Rule
    {
        std::string type;
        bool enabled = true;
    };

    std::vector<Rule> rules;

    std::optional<bool> find(std::string_view type) const
    {
        for (const Rule& rule : rules) {
            if (equalsIgnoreCase(rule.type, type))
                return rule.enabled;
        }
        return std::nullopt;
    }

    static bool allow(
        const UpgradeRules& listener, const UpgradeRules& route, std::string_view type)
    {
        return route.find(type).value_or(listener.find(type).value_or(false));
    }
};

} // namespace meshyard::proxy
