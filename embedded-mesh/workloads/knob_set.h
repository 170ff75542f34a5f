// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <string>
#include <string_view>
#include <vector>

namespace meshyard::workloads {

/// Named numbers that can be turned while the program runs.
class KnobSet final
{
public:
    /// Binds a number of the owner, which outlives the set.
    void add(std::string name, double& value, double lowest, double highest);

    /// Sets every "name=number" of the query, or none of them.
    /// @return InvalidArgument naming the unknown knob or the allowed range.
    Result<void> apply(std::string_view query);
    std::string json() const;

private:
    struct Knob
    {
        std::string name;
        double* value;
        double lowest;
        double highest;
    };
    Result<double> checked(const Knob& knob, std::string_view text) const;

    std::vector<Knob> m_knobs;
};

} // namespace meshyard::workloads
