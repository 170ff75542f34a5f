// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/document/node.h"

#include <string_view>

namespace meshyard::document {

/// Fills `end` and `marker` of every node of a tree from its text: yaml-cpp only tells where nodes
/// begin. What can't be found is left with end == begin; TextPatch checks its results, so a wrong
/// span costs a comment, never a value.
void findSpans(Node& root, std::string_view text);

/// @return the first offset at or after `from` that is neither white space nor a comment.
std::size_t skipBlank(std::string_view text, std::size_t from);

} // namespace meshyard::document
