// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/document/node.h"
#include "embedded-mesh/document/problem.h"

#include <string>
#include <string_view>
#include <vector>

namespace meshyard::document {

/// One document of a stream: its own text (without the `---` line) and its tree. Offsets of the
/// tree count in `text`, lines in the stream.
struct Document
{
    std::string text;
    std::string leading; ///< comments that stood alone before the first `---`
    std::uint32_t firstLine = 1; ///< line of the stream on which text begins
    Node root;
};

struct ParsedStream
{
    std::vector<Document> documents; ///< those without content are left out
    Problems problems; ///< syntax errors and duplicate keys; their documents are left out
};

/// Reads a YAML (or JSON) stream. Strict where yaml-cpp is lax: duplicate keys, invalid UTF-8 and
/// control bytes are errors; aliases may not blow up (200,000 values a document, 100 levels).
ParsedStream parseStream(std::string_view text);

} // namespace meshyard::document
