// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/resource.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::config {

/// Line diff in unified format with three lines of context; empty when the texts are equal. A side
/// that is empty is called /dev/null.
std::string unifiedDiff(std::string_view before, std::string_view after,
    std::string_view nameBefore, std::string_view nameAfter);

/// One value that differs; values are YAML on one line, empty = absent.
struct FieldDifference
{
    std::string path;
    std::string before;
    std::string after;

    bool operator==(const FieldDifference&) const = default;
};

/// What differs between two documents, by field; comments and order of keys don't count. Items of
/// lists are paired by their `name` where all have one, else by position.
std::vector<FieldDifference> fieldDifferences(const Resource& before, const Resource& after);

enum class ChangeKind : std::uint8_t { Created, Changed, Deleted };

struct ResourceDiff
{
    ResourceId id;
    ChangeKind kind = ChangeKind::Changed;
    std::vector<FieldDifference> fields; ///< empty for created and deleted ones
    std::string unified;
};

/// Between two sets of documents, ordered by id; equal ones are left out. One whose comments alone
/// changed is Changed without fields.
std::vector<ResourceDiff> diff(std::span<const Resource> before, std::span<const Resource> after);

} // namespace meshyard::config
