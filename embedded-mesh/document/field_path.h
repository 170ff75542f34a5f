// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/document/node.h"

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace meshyard::document {

/// A place in a tree: `spec.http[0].route[1].weight`; keys with dots or brackets are written
/// `labels["app.kubernetes.io/name"]`.
class FieldPath final
{
public:
    using Step = std::variant<std::string, std::size_t>; ///< a key or an index

    FieldPath() = default;
    static Result<FieldPath> parse(std::string_view text);

    bool empty() const { return m_steps.empty(); }
    const std::vector<Step>& steps() const { return m_steps; }
    const Step& last() const { return m_steps.back(); }
    FieldPath parent() const;

    FieldPath operator/(std::string_view key) const;
    FieldPath operator/(std::size_t index) const;

    std::string toString() const;

private:
    std::vector<Step> m_steps;
};

/// @return the value at the path; nullptr = absent.
const Node* locate(const Node& root, const FieldPath& path);
Node* locate(Node& root, const FieldPath& path);

/// @return the deepest node on the way to the path that exists, so that a message about an absent
/// field still has a line.
const Node& locateNearest(const Node& root, const FieldPath& path);

/// "key" or "[\"key.with.dots\"]" appended to a path's text.
void appendKey(std::string& path, std::string_view key);

} // namespace meshyard::document
