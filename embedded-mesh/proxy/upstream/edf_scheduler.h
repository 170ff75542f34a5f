// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace meshyard::proxy {

/// Takes turns by weight: earliest deadline first, a deadline being 1/weight after the last turn.
/// With constant weights the shares are exact over every sum of the weights.
///
/// Follows Envoy's EDF scheduler (upstream/edf_scheduler); deadlines are quotients, not sums, so
/// rounding never adds up.
class EdfScheduler final
{
public:
    bool isEmpty() const { return m_heap.empty(); }
    void clear() { m_heap.clear(); }

    /// @param weight above 0.
    void add(std::uint32_t item, double weight)
    {
        m_heap.push_back({1 / weight, m_order++, item, 0, 1, weight});
        std::ranges::push_heap(m_heap, Later());
    }

    /// The next in turn, which goes back with its weight of now.
    template <typename WeightOf> std::uint32_t next(WeightOf&& weightOf)
    {
        std::ranges::pop_heap(m_heap, Later());
        Entry& entry = m_heap.back();
        const std::uint32_t item = entry.item;
        if (const double weight = weightOf(item); weight != entry.weight) {
            entry.base = entry.deadline;
            entry.turns = 0;
            entry.weight = weight;
        }
        ++entry.turns;
        entry.deadline = entry.base + static_cast<double>(entry.turns) / entry.weight;
        entry.order = m_order++;
        std::ranges::push_heap(m_heap, Later());
        return item;
    }

private:
    struct Entry
    {
        double deadline;
        std::uint64_t order; // among equal deadlines
        std::uint32_t item;
        double base; // when the weight last changed
        std::uint64_t turns; // since then
        double weight;
    };

    struct Later
    {
        bool operator()(const Entry& a, const Entry& b) const
        {
            return a.deadline != b.deadline ? a.deadline > b.deadline : a.order > b.order;
        }
    };

    std::vector<Entry> m_heap;
    std::uint64_t m_order = 0;
};

} // namespace meshyard::proxy
