// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/seeded_random.h"

#include <cmath>
#include <numbers>

namespace meshyard::workloads {

double SeededRandom::uniform()
{
    constexpr double kUnit = 1.0 / 9007199254740992.0; // 2^-53
    return static_cast<double>(m_engine() >> 11) * kUnit;
}

double SeededRandom::exponential(double mean)
{
    return -mean * std::log1p(-uniform());
}

double SeededRandom::logNormal(double median, double sigma)
{
    // Box and Muller; 1 − u keeps the logarithm finite.
    const double radius = std::sqrt(-2.0 * std::log1p(-uniform()));
    const double normal = radius * std::cos(2.0 * std::numbers::pi * uniform());
    return median * std::exp(sigma * normal);
}

} // namespace meshyard::workloads
