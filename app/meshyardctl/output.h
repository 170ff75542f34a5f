// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"
#include "client/snapshot/mesh_json.h"

#include <optional>
#include <string>
#include <vector>

namespace meshyard::ctl {

/// Aligned columns for people; columns of figures are right-aligned.
class Table final
{
public:
    enum class Align { Left, Right };
    struct Column
    {
        std::string title;
        Align align = Align::Left;
    };

    explicit Table(std::vector<Column> columns);
    void addRow(std::vector<std::string> cells);
    /// The last column is not padded; no rows: the header alone.
    void print() const;

private:
    std::vector<Column> m_columns;
    std::vector<std::vector<std::string>> m_rows;
};

/// Three significant digits, no exponent: "0.0123", "1.23", "12.3", "123", "12300".
std::string figure(double value);
/// As figure(); "-" for nullopt.
std::string figure(const std::optional<double>& value);
/// "99.5%"; never rounded up to 100 or down to 0. "-" for nullopt.
std::string percent(const std::optional<double>& share);
/// "reviews@v2" of `home`, else "staging/reviews@v2".
std::string nodeName(const NodeKey& key, const std::string& home);
/// "closed", "OPEN 2/5", "half-open 1/3", "FORCED_OPEN 12 s"; what does not enforce is in brackets.
std::string breakerText(const EdgeBreaker& breaker);
/// Local date and time; "-" for 0.
std::string timeText(std::int64_t unixMs);

/// One document on standard output; on one line when `line` is set.
void printJson(const Json& json, bool line = false);
/// Escapes control bytes, which a name from outside may hold.
std::string printable(const std::string& text);

} // namespace meshyard::ctl
