// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace meshyard::document {

enum class Severity : std::uint8_t { Info, Warning, Error };

/// What went wrong while text became a message; callers give their own codes to it.
enum class ProblemKind : std::uint8_t {
    Syntax,
    DuplicateKey,
    UnknownField,
    UnsupportedField,
    WrongType,
    OutOfRange,
    BadDuration,
    BadEnum,
    OneofConflict,
    UnknownType,
};

/// One finding in a text: where, and one sentence that says what to do.
struct Problem
{
    Severity severity = Severity::Error;
    ProblemKind kind = ProblemKind::Syntax;
    std::string path; ///< "spec.http[0].route[0].weight"; empty = the whole document
    std::uint32_t line = 0; ///< from 1; 0 = the whole document
    std::uint32_t column = 0; ///< from 1, in characters
    std::uint32_t endColumn = 0; ///< one past the last character on that line
    std::string message;
};

using Problems = std::vector<Problem>;

bool hasErrors(const Problems& problems);

/// "line 3, column 7: spec.http[0].weight: …": one line for logs and terminals.
std::string toString(const Problem& problem);

} // namespace meshyard::document
