// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/problem.h"

#include <algorithm>

namespace meshyard::document {

bool hasErrors(const Problems& problems)
{
    return std::ranges::any_of(
        problems, [](const Problem& problem) { return problem.severity == Severity::Error; });
}

std::string toString(const Problem& problem)
{
    std::string text;
    if (problem.line > 0) {
        text = "line " + std::to_string(problem.line) + ", column " + std::to_string(problem.column)
            + ": ";
    }
    if (!problem.path.empty())
        text += problem.path + ": ";
    return text + problem.message;
}

} // namespace meshyard::document
