// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/document/field_path.h"
#include "embedded-mesh/document/node.h"

namespace meshyard::document {

/// What TextPatch does to a text, done to a tree; errors as there.
Result<void> setInTree(Node& root, const FieldPath& path, const Node& value);
Result<void> insertInTree(Node& root, const FieldPath& list, std::size_t index, const Node& value);
Result<void> removeFromTree(Node& root, const FieldPath& path);

/// Moves every offset of a tree: its text now begins `by` bytes later.
void shiftOffsets(Node& root, std::size_t by);

} // namespace meshyard::document
