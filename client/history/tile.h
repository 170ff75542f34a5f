// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/sample_record.h"

#include <bitset>
#include <memory>

namespace meshyard::history {

constexpr std::int64_t kTileSeconds = 60;
constexpr EdgeId kTileEdges = 64;

/// A minute of 64 edges: the summary (all columns) and the sketches, each one compressed blob.
struct TileBlobs
{
    std::string summary;
    std::string sketches;
};

/// Collects the seconds of one tile. Second and slot order is free; each pair at most once.
class TileBuilder final
{
public:
    TileBuilder();

    /// The recorder was at work in that second, with or without calls.
    void setHeard(std::size_t second) { m_heard.set(second); }
    void add(
        std::size_t second, std::size_t slot, const Columns& columns, std::string_view sketchBytes);
    /// False: no edge had a sample; nothing needs to be stored.
    bool hasSamples() const { return m_slots.any(); }
    TileBlobs build() const;

private:
    using Cells = std::array<std::array<std::uint64_t, kTileSeconds>, kTileEdges>;

    std::bitset<kTileSeconds> m_heard;
    std::bitset<kTileEdges> m_slots;
    std::array<std::unique_ptr<Cells>, kColumns> m_columns; // null: all zero
    std::array<std::string, static_cast<std::size_t>(kTileSeconds)> m_sketches;
};

/// Reads one tile. Nonsense reads as an empty tile that says failed().
class TileReader final
{
public:
    /// @param slot of the one edge wanted; −1 = all.
    explicit TileReader(std::string_view summary, int slot = -1);
    void addSketches(std::string_view sketches);

    bool failed() const { return m_failed; }
    bool heard(std::size_t second) const { return m_heard.test(second); }
    bool hasSlot(std::size_t slot) const { return m_slots.test(slot); }
    Columns columns(std::size_t second, std::size_t slot) const;
    /// Reads each sketch of that second into what into(slot) points to; null: not wanted.
    template <typename Into> void eachSketch(std::size_t second, Into into) const
    {
        ByteReader reader(m_sections[second]);
        while (!reader.atEnd()) {
            const auto slot = static_cast<std::size_t>(reader.number());
            if (slot >= kTileEdges)
                return;
            const bool wanted = m_onlySlot < 0 || slot == static_cast<std::size_t>(m_onlySlot);
            const std::unique_ptr<Cells>& max = m_columns[kMax];
            readSketch(
                reader, wanted ? into(slot) : nullptr, wanted && max ? (*max)[slot][second] : 0);
        }
    }

private:
    using Cells = std::array<std::array<std::uint32_t, kTileSeconds>, kTileEdges>;

    void readSummary(ByteReader& reader);

    int m_onlySlot;
    bool m_failed = false;
    std::bitset<kTileSeconds> m_heard;
    std::bitset<kTileEdges> m_slots;
    std::array<std::unique_ptr<Cells>, kColumns> m_columns; // null: all zero
    std::string m_sketchBytes;
    std::array<std::string_view, static_cast<std::size_t>(kTileSeconds)> m_sections;
};

} // namespace meshyard::history
