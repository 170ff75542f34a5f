// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/skeleton.h"

#include "embedded-mesh/config/kinds.h"
#include "embedded-mesh/document/yaml_printer.h"

#include <algorithm>

namespace meshyard::config {

using document::FieldPath;
using document::Node;

std::string skeletonText(const ResourceId& id, Node spec)
{
    const KindInfo* kind = findKind(id.kind);
    const Node root = Node::map({
        {"apiVersion", Node::string(kind ? kind->apiVersions.front() : "")},
        {"kind", Node::string(id.kind)},
        {"metadata",
            Node::map({{"name", Node::string(id.name)}, {"namespace", Node::string(id.ns)}})},
        {"spec", std::move(spec)},
    });
    return document::printBlock(root) + "\n";
}

ResourceId freeId(std::span<const Resource> resources, std::string_view kind, const std::string& ns,
    const std::string& name)
{
    ResourceId id{std::string(kind), ns, name};
    for (int i = 2;
        std::ranges::any_of(resources, [&](const Resource& resource) { return resource.id == id; });
        ++i)
        id.name = name + "-" + std::to_string(i);
    return id;
}

Result<std::size_t> ensureSubset(document::TextPatch& rule, std::string_view name)
{
    const FieldPath list = FieldPath() / "spec" / "subsets";
    std::size_t count = 0;
    if (const Node* subsets = document::locate(rule.root(), list)) {
        for (; count < subsets->items.size(); ++count) {
            const Node* known = subsets->items[count].find("name");
            if (known && known->text == name)
                return count;
        }
    }
    const Node subset = Node::map({{"name", Node::string(std::string(name))},
        {"labels", Node::map({{"version", Node::string(std::string(name))}})}});
    if (auto done = rule.insert(list, count, subset); !done)
        return tl::unexpected(done.error());
    return count;
}

} // namespace meshyard::config
