// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/document/node.h"

#include <string>
#include <string_view>

namespace meshyard::document {

/// Where the dash of a list stands under its key.
enum class ListIndent : std::uint8_t { Deeper, SameColumn };

/// A tree as block YAML. The first line is not indented, later ones by `indent` spaces; no newline
/// at the end.
std::string printBlock(
    const Node& node, std::size_t indent = 0, ListIndent lists = ListIndent::Deeper);

/// A tree on one line: `{host: reviews, weight: 80}`.
std::string printFlow(const Node& node);

/// A string as a YAML scalar, quoted only if it would be read as something else.
std::string printString(std::string_view text);

/// A scalar node: plain if it may be, strings quoted where needed.
std::string printScalar(const Node& node);

} // namespace meshyard::document
