// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/resource.h"
#include "embedded-mesh/core/result.h"
#include "embedded-mesh/document/node.h"
#include "embedded-mesh/document/text_patch.h"

#include <span>
#include <string>
#include <string_view>

namespace meshyard::config {

/// Text of a new document. Internal to the room.
std::string skeletonText(const ResourceId& id, document::Node spec);

/// An id that no document has yet: the wanted name, else with -2, -3, …
ResourceId freeId(std::span<const Resource> resources, std::string_view kind, const std::string& ns,
    const std::string& name);

/// The index of a DestinationRule's subset of this name; one that selects the label
/// `version: <name>` is added if there is none.
Result<std::size_t> ensureSubset(document::TextPatch& rule, std::string_view name);

} // namespace meshyard::config
