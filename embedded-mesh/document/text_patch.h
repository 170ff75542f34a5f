// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/document/field_path.h"
#include "embedded-mesh/document/node.h"
#include "embedded-mesh/document/yaml_printer.h"

#include <optional>
#include <string>
#include <string_view>

namespace meshyard::document {

/// Changes values in a document's text and leaves the rest as it was written: comments, order,
/// quoting, fields nobody knows. Every result is parsed again and compared with the tree that was
/// meant; where a change in place would not give it, the smallest enclosing value is printed anew.
/// An error leaves the text unchanged.
class TextPatch final
{
public:
    /// @param text one YAML or JSON document.
    /// @return InvalidArgument when it can't be parsed.
    static Result<TextPatch> open(std::string_view text);

    /// Sets a value; mappings on the way are created.
    /// @return NotFound for an index that is not there, FailedPrecondition where the path goes
    ///         through a single value.
    Result<void> set(const FieldPath& path, const Node& value);
    /// Inserts before the item at `index`, or appends; the list is created if absent.
    Result<void> insert(const FieldPath& list, std::size_t index, const Node& value);
    /// @return NotFound when there is nothing at the path.
    Result<void> remove(const FieldPath& path);

    const std::string& text() const { return m_text; }
    const Node& root() const { return m_root; }

private:
    /// One replacement of a byte range.
    struct Edit
    {
        std::size_t begin = 0;
        std::size_t end = 0;
        std::string text;
    };

    TextPatch(std::string text, Node root);

    Result<void> commit(std::optional<std::string> candidate, Node intended, const FieldPath& path);
    bool accept(const std::string& candidate, const Node& intended);

    std::optional<std::string> withValue(const FieldPath& path, const Node& value) const;
    std::optional<std::string> withReplaced(
        const FieldPath& path, const Node& old, const Node& value) const;
    std::optional<std::string> withEntry(
        const FieldPath& map, std::string_view key, const Node& value) const;
    std::optional<std::string> withItem(
        const FieldPath& list, std::size_t index, const Node& value) const;
    std::optional<std::string> without(const FieldPath& path) const;
    std::optional<std::string> withoutEntry(const Node& parent, std::size_t index, bool flow) const;

    std::string applied(std::initializer_list<Edit> edits) const;
    std::string printed(const Node& value, std::size_t indent) const;
    bool isFlow(const FieldPath& path) const;
    std::size_t columnOf(std::size_t pos) const;
    std::size_t lineStart(std::size_t pos) const;
    std::size_t lineEnd(std::size_t pos) const;
    std::size_t nextLine(std::size_t pos) const;
    bool startsLine(std::size_t pos) const;
    std::size_t commentsAbove(std::size_t line, std::size_t floor) const;

    std::string m_text;
    Node m_root;
    ListIndent m_lists = ListIndent::Deeper;
    std::string m_newline = "\n";
};

} // namespace meshyard::document
