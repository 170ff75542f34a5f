// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/json_text.h"

#include <fmt/format.h>

namespace meshyard::workloads {

std::string quoted(std::string_view text)
{
    std::string json = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            json += {'\\', c};
        else if (static_cast<unsigned char>(c) < 0x20)
            json += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        else
            json += c;
    }
    return json + '"';
}

std::string countsObject(const std::map<std::string, std::uint64_t>& counts)
{
    std::string json = "{";
    for (const auto& [name, count] : counts)
        json += fmt::format("{}{}:{}", json.size() > 1 ? "," : "", quoted(name), count);
    return json + '}';
}

} // namespace meshyard::workloads
