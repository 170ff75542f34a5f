// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/diagnostic.h"

#include <algorithm>

namespace meshyard::config {

std::string toString(const ResourceId& id)
{
    return id.kind + "/" + id.ns + "/" + id.name;
}

bool hasErrors(const std::vector<Diagnostic>& diagnostics)
{
    return std::ranges::any_of(
        diagnostics, [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

std::string toString(const Diagnostic& d)
{
    std::string text = d.file;
    if (d.line > 0)
        text += (text.empty() ? "" : ":") + std::to_string(d.line) + ":" + std::to_string(d.column);
    if (!text.empty())
        text += ": ";
    switch (d.severity) {
    case Severity::Info:
        text += "note ";
        break;
    case Severity::Warning:
        text += "warning ";
        break;
    case Severity::Error:
        text += "error ";
        break;
    }
    text += d.code + ": ";
    if (!d.field.empty())
        text += d.field + ": ";
    return text + d.message;
}

} // namespace meshyard::config
