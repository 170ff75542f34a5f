// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/tree_edit.h"

#include <algorithm>

namespace meshyard::document {
namespace {

// The value at the path, created as a mapping where a key is missing.
Result<Node*> reach(Node& root, const FieldPath& path)
{
    Node* node = &root;
    for (const auto& step : path.steps()) {
        if (const auto* key = std::get_if<std::string>(&step)) {
            if (node->isNull() || (node->isSequence() && node->items.empty()))
                *node = Node::map();
            if (!node->isMap())
                return failure(ErrorCode::FailedPrecondition,
                    path.toString() + " leads through something that is no mapping");
            Node* next = node->find(*key);
            node = next ? next : &node->set(*key, Node());
        } else {
            const std::size_t index = std::get<std::size_t>(step);
            if (!node->isSequence() || index >= node->items.size())
                return failure(ErrorCode::NotFound, path.toString() + " is not there");
            node = &node->items[index];
        }
    }
    return node;
}

} // namespace

Result<void> setInTree(Node& root, const FieldPath& path, const Node& value)
{
    const auto node = reach(root, path);
    if (!node)
        return tl::unexpected(node.error());
    **node = value;
    return {};
}

Result<void> insertInTree(Node& root, const FieldPath& list, std::size_t index, const Node& value)
{
    const auto node = reach(root, list);
    if (!node)
        return tl::unexpected(node.error());
    Node& target = **node;
    if (target.isNull() || (target.isMap() && target.items.empty()))
        target = Node::sequence();
    if (!target.isSequence())
        return failure(ErrorCode::FailedPrecondition, list.toString() + " is not a list");
    const std::size_t place = std::min(index, target.items.size());
    target.items.insert(target.items.begin() + static_cast<std::ptrdiff_t>(place), value);
    return {};
}

Result<void> removeFromTree(Node& root, const FieldPath& path)
{
    Node* parent = path.empty() ? nullptr : locate(root, path.parent());
    if (!parent || !locate(static_cast<const Node&>(root), path))
        return failure(ErrorCode::NotFound, path.toString() + " is not there");
    if (const auto* key = std::get_if<std::string>(&path.last())) {
        parent->erase(*key);
    } else {
        const auto index = static_cast<std::ptrdiff_t>(std::get<std::size_t>(path.last()));
        parent->items.erase(parent->items.begin() + index);
    }
    return {};
}

void shiftOffsets(Node& root, std::size_t by)
{
    root.begin += by;
    root.end += by;
    root.marker += by;
    for (Node& key : root.keys)
        shiftOffsets(key, by);
    for (Node& item : root.items)
        shiftOffsets(item, by);
}

} // namespace meshyard::document
