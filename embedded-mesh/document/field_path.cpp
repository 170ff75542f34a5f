// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/field_path.h"

#include <algorithm>
#include <charconv>

namespace meshyard::document {
namespace {

Error malformed(std::string_view text)
{
    return Error{ErrorCode::InvalidArgument,
        "\"" + std::string(text) + "\" is not a field path such as spec.http[0].timeout"};
}

const Node* step(const Node& node, const FieldPath::Step& step)
{
    if (const auto* key = std::get_if<std::string>(&step))
        return node.isMap() ? node.find(*key) : nullptr;
    const std::size_t index = std::get<std::size_t>(step);
    return node.isSequence() && index < node.items.size() ? &node.items[index] : nullptr;
}

} // namespace

Result<FieldPath> FieldPath::parse(std::string_view text)
{
    FieldPath path;
    std::size_t pos = 0;
    while (pos < text.size()) {
        if (text.substr(pos).starts_with("[\"")) {
            const std::size_t close = text.find("\"]", pos + 2);
            if (close == std::string_view::npos)
                return tl::unexpected(malformed(text));
            path.m_steps.emplace_back(std::string(text.substr(pos + 2, close - pos - 2)));
            pos = close + 2;
        } else if (text[pos] == '[') {
            std::size_t index = 0;
            const char* const end = text.data() + text.size();
            const auto [stop, error] = std::from_chars(text.data() + pos + 1, end, index);
            if (error != std::errc() || stop == end || *stop != ']')
                return tl::unexpected(malformed(text));
            path.m_steps.emplace_back(index);
            pos = static_cast<std::size_t>(stop - text.data()) + 1;
        } else {
            if (text[pos] == '.' && pos > 0)
                ++pos;
            const std::size_t stop = std::min(text.find_first_of(".[", pos), text.size());
            if (stop == pos)
                return tl::unexpected(malformed(text));
            path.m_steps.emplace_back(std::string(text.substr(pos, stop - pos)));
            pos = stop;
        }
    }
    return path;
}

FieldPath FieldPath::parent() const
{
    FieldPath path = *this;
    if (!path.m_steps.empty())
        path.m_steps.pop_back();
    return path;
}

FieldPath FieldPath::operator/(std::string_view key) const
{
    FieldPath path = *this;
    path.m_steps.emplace_back(std::string(key));
    return path;
}

FieldPath FieldPath::operator/(std::size_t index) const
{
    FieldPath path = *this;
    path.m_steps.emplace_back(index);
    return path;
}

std::string FieldPath::toString() const
{
    std::string text;
    for (const Step& step : m_steps) {
        if (const auto* key = std::get_if<std::string>(&step))
            appendKey(text, *key);
        else
            text += "[" + std::to_string(std::get<std::size_t>(step)) + "]";
    }
    return text;
}

const Node* locate(const Node& root, const FieldPath& path)
{
    const Node* node = &root;
    for (const auto& next : path.steps()) {
        node = step(*node, next);
        if (!node)
            return nullptr;
    }
    return node;
}

Node* locate(Node& root, const FieldPath& path)
{
    return const_cast<Node*>(locate(static_cast<const Node&>(root), path));
}

const Node& locateNearest(const Node& root, const FieldPath& path)
{
    const Node* node = &root;
    for (const auto& next : path.steps()) {
        const Node* deeper = step(*node, next);
        if (!deeper)
            break;
        node = deeper;
    }
    return *node;
}

void appendKey(std::string& path, std::string_view key)
{
    if (key.empty() || key.find_first_of(".[]\" ") != std::string_view::npos) {
        path += "[\"";
        path += key;
        path += "\"]";
        return;
    }
    if (!path.empty())
        path += '.';
    path += key;
}

} // namespace meshyard::document
