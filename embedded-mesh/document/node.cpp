// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/node.h"

#include <algorithm>
#include <optional>

namespace meshyard::document {
namespace {

bool sameName(std::string_view a, std::string_view b)
{
    if (a == b)
        return true;
    if (a.find('_') == std::string_view::npos && b.find('_') == std::string_view::npos)
        return false;
    return camelCase(a) == camelCase(b);
}

std::optional<std::size_t> indexOf(const Node& map, std::string_view key)
{
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        if (sameName(map.keys[i].text, key))
            return i;
    }
    return std::nullopt;
}

} // namespace

Node Node::scalar(std::string text)
{
    Node node;
    node.kind = Kind::Scalar;
    node.text = std::move(text);
    return node;
}

Node Node::string(std::string text)
{
    Node node = scalar(std::move(text));
    node.style = Style::Quoted;
    return node;
}

Node Node::number(std::int64_t value)
{
    return scalar(std::to_string(value));
}

Node Node::map(std::initializer_list<std::pair<std::string_view, Node>> entries)
{
    Node node;
    node.kind = Kind::Map;
    node.style = Style::Block;
    for (const auto& [key, value] : entries)
        node.set(key, value);
    return node;
}

Node Node::sequence(std::vector<Node> items)
{
    Node node;
    node.kind = Kind::Sequence;
    node.style = Style::Block;
    node.items = std::move(items);
    return node;
}

const Node* Node::find(std::string_view key) const
{
    const auto index = indexOf(*this, key);
    return index ? &items[*index] : nullptr;
}

Node* Node::find(std::string_view key)
{
    const auto index = indexOf(*this, key);
    return index ? &items[*index] : nullptr;
}

Node& Node::set(std::string_view key, Node value)
{
    if (Node* present = find(key))
        return *present = std::move(value);
    keys.push_back(scalar(std::string(key)));
    items.push_back(std::move(value));
    return items.back();
}

void Node::erase(std::string_view key)
{
    if (const auto index = indexOf(*this, key)) {
        keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(*index));
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(*index));
    }
}

bool Node::operator==(const Node& other) const
{
    return kind == other.kind && text == other.text && keys == other.keys && items == other.items;
}

std::string camelCase(std::string_view name)
{
    std::string result;
    result.reserve(name.size());
    bool upper = false;
    for (const char c : name) {
        if (c == '_') {
            upper = !result.empty();
            continue;
        }
        result += upper && c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
        upper = false;
    }
    return result;
}

} // namespace meshyard::document
