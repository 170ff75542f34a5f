// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <random>

namespace meshyard::workloads {

/// Draws that are the same for the same seed on every library (the standard's distributions are
/// not).
class SeededRandom final
{
public:
    explicit SeededRandom(std::uint64_t seed)
        : m_engine(seed)
    {
    }

    /// Uniform in [0, 1).
    double uniform();
    /// True in `percent` of 100 draws.
    bool chance(double percent) { return uniform() * 100.0 < percent; }
    /// Exponential with the given mean: gaps of a Poisson process.
    double exponential(double mean);
    /// exp(N(ln median, sigma²)).
    double logNormal(double median, double sigma);

private:
    std::mt19937_64 m_engine;
};

} // namespace meshyard::workloads
