// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace meshyard::config {

/// A value that both sides changed, differently. YAML on one line, empty = absent.
struct MergeConflict
{
    std::string path;
    std::string base;
    std::string ours;
    std::string theirs;

    bool operator==(const MergeConflict&) const = default;
};

struct MergeResult
{
    std::string text; ///< ours with their changes written in; conflicts stand as ours
    std::vector<MergeConflict> conflicts;
};

/// Three-way merge of one document by field. Lists are merged item by item while all three have
/// equally many, else as one value.
/// @return InvalidArgument when one of the texts can't be parsed.
Result<MergeResult> merge(std::string_view base, std::string_view ours, std::string_view theirs);

} // namespace meshyard::config
