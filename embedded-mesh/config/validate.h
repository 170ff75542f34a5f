// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/mesh_view.h"
#include "embedded-mesh/config/resource.h"

#include <span>
#include <vector>

namespace meshyard::config {

/// Checks the meaning of documents: references, conflicts, ranges, arithmetic. Linear in the number
/// of documents; fast enough to run while people type.
/// @param edited the documents to judge: only they get diagnostics.
/// @param others the rest of the configuration; one with the id of an edited one is taken as
///        replaced by it.
/// @return ordered by place in the text.
std::vector<Diagnostic> validate(
    std::span<const Resource> edited, std::span<const Resource> others, const MeshView& mesh);

/// Parses and validates a text in one go: what the editor calls while people type.
std::vector<Diagnostic> check(std::string_view text, const ParseOptions& options,
    std::span<const Resource> others, const MeshView& mesh);

} // namespace meshyard::config
