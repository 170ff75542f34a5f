// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/diagnostic.h"
#include "embedded-mesh/document/node.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace meshyard::config {

/// One parsed document. Cheap to copy: the parsed parts are shared and never change.
struct Resource
{
    ResourceId id;
    std::string apiVersion;
    std::map<std::string, std::string> labels;
    std::map<std::string, std::string> annotations;
    std::string text; ///< its source, without `---`, ends with a newline
    std::string file;
    std::uint32_t firstLine = 1; ///< of text in the file
    std::uint64_t created = 0; ///< revision that created it; where Istio says "the oldest wins"
    std::uint64_t changed = 0; ///< revision that last changed it; 0 = unknown
    bool broken = false; ///< has errors: the spec holds what could be read

    std::shared_ptr<const document::Node> tree; ///< of the whole document; never null
    /// See typed_resource.h for the typed access; never null.
    std::shared_ptr<const google::protobuf::Message> spec;
};

struct ParseOptions
{
    std::string file; ///< for messages
    std::string defaultNamespace = "production"; ///< for documents without one
};

struct ParsedResources
{
    std::vector<Resource> resources; ///< in the order of the text; broken ones included
    std::vector<Diagnostic> diagnostics;
};

/// Reads a stream of documents and checks their shape (codes MY01xx), not their meaning: that is
/// validate(). A document whose kind or name can't be told yields diagnostics and no resource; two
/// documents of one name are an error.
ParsedResources parseResources(std::string_view text, const ParseOptions& options = {});

/// A diagnostic that points at a field of a resource (or at the nearest thing to it that exists).
Diagnostic diagnosticAt(const Resource& resource, std::string_view field, Severity severity,
    std::string code, std::string message);

} // namespace meshyard::config
