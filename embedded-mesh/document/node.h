// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace meshyard::document {

/// A YAML value that remembers where it stood in its text. Values made by the factories have no
/// place; equality ignores places and styles.
struct Node
{
    enum class Kind : std::uint8_t { Null, Scalar, Sequence, Map };
    enum class Style : std::uint8_t { Plain, Quoted, Literal, Block, Flow };

    Kind kind = Kind::Null;
    Style style = Style::Plain;
    bool aliased = false; ///< stands here as *name: its children stand elsewhere
    std::string text; ///< of a scalar
    std::vector<Node> keys; ///< of a map: scalars, parallel to items
    std::vector<Node> items; ///< values of a map or a sequence

    std::size_t begin = 0; ///< byte offsets in the document's text
    std::size_t end = 0;
    std::size_t marker = 0; ///< of a map's value: just after its ':'; of an item: its '-'
    std::uint32_t line = 0; ///< from 1
    std::uint32_t column = 0; ///< from 1, in characters

    static Node scalar(std::string text);
    /// A string that must stay one, whatever it looks like ("1", "true").
    static Node string(std::string text);
    static Node number(std::int64_t value);
    static Node map(std::initializer_list<std::pair<std::string_view, Node>> entries = {});
    static Node sequence(std::vector<Node> items = {});

    bool isNull() const { return kind == Kind::Null; }
    bool isScalar() const { return kind == Kind::Scalar; }
    bool isSequence() const { return kind == Kind::Sequence; }
    bool isMap() const { return kind == Kind::Map; }

    /// Value of a map's key, also when it is spelled in the other case ("per_try_timeout" for
    /// "perTryTimeout"); nullptr = absent or not a map.
    const Node* find(std::string_view key) const;
    Node* find(std::string_view key);
    /// Appends, or replaces the value of a key that is there.
    Node& set(std::string_view key, Node value);
    void erase(std::string_view key);

    bool operator==(const Node& other) const;
};

/// "per_try_timeout" -> "perTryTimeout".
std::string camelCase(std::string_view name);

} // namespace meshyard::document
