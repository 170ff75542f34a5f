// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view> // brings <compare>, which Qt 6.4's moc cannot parse as the first header
#include <vector>

namespace meshyard::config {

/// What a document is called: unique in a mesh.
struct ResourceId
{
    std::string kind;
    std::string ns;
    std::string name;

    auto operator<=>(const ResourceId&) const = default;
    bool operator==(const ResourceId&) const = default;
};

/// "VirtualService/production/reviews".
std::string toString(const ResourceId& id);

/// Values as in meshyard.v1.Severity, less one.
enum class Severity : std::uint8_t { Info, Warning, Error };

/// One finding of parsing or validation. Codes are stable: MY01xx text and schema, MY02xx
/// references, MY03xx conflicts, MY04xx ranges and arithmetic, MY05xx breakers and overrides,
/// MY06xx workloads.
struct Diagnostic
{
    Severity severity = Severity::Error;
    std::string code;
    std::string file;
    std::uint32_t line = 0; ///< from 1; 0 = the whole document
    std::uint32_t column = 0; ///< from 1, in characters
    std::uint32_t endColumn = 0;
    std::string field; ///< "spec.http[0].route[0].weight"
    std::string message; ///< one sentence with the cure
    ResourceId resource;

    bool operator==(const Diagnostic&) const = default;
};

bool hasErrors(const std::vector<Diagnostic>& diagnostics);

/// "file:3:7: error MY0103: spec.http[0].wieght: …": one line, as compilers print it.
std::string toString(const Diagnostic& diagnostic);

} // namespace meshyard::config
