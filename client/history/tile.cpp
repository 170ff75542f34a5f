// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/tile.h"

#include <algorithm>
#include <limits>

namespace meshyard::history {

namespace {

constexpr std::uint64_t kFormat = 1;

} // namespace

TileBuilder::TileBuilder() = default;

void TileBuilder::add(
    std::size_t second, std::size_t slot, const Columns& columns, std::string_view sketchBytes)
{
    m_slots.set(slot);
    for (std::size_t column = 0; column < kColumns; ++column) {
        if (columns[column] == 0)
            continue;
        if (!m_columns[column])
            m_columns[column] = std::make_unique<Cells>();
        (*m_columns[column])[slot][second] = columns[column];
    }
    if (sketchBytes.empty())
        return;
    ByteWriter writer;
    writer.number(slot);
    writer.raw(sketchBytes);
    m_sketches[second] += writer.bytes();
}

TileBlobs TileBuilder::build() const
{
    ByteWriter summary;
    summary.number(kFormat);
    summary.number(m_heard.to_ullong());
    summary.number(m_slots.to_ullong());
    for (const std::unique_ptr<Cells>& cells : m_columns) {
        std::uint64_t used = 0;
        for (std::size_t slot = 0; cells && slot < kTileEdges; ++slot) {
            const auto& row = (*cells)[slot];
            const bool zero = std::all_of(row.begin(), row.end(), [](auto v) { return v == 0; });
            used |= zero ? 0 : std::uint64_t{1} << slot;
        }
        summary.number(used);
        for (std::size_t slot = 0; used >> slot != 0; ++slot) {
            if ((used >> slot & 1U) == 0)
                continue;
            std::uint64_t last = 0;
            for (const std::uint64_t value : (*cells)[slot]) {
                summary.difference(static_cast<std::int64_t>(value - last));
                last = value;
            }
            if (slot == kTileEdges - 1)
                break; // a shift by 64 is undefined
        }
    }
    ByteWriter sketches;
    sketches.number(kFormat);
    for (const std::string& section : m_sketches)
        sketches.number(section.size());
    for (const std::string& section : m_sketches)
        sketches.raw(section);
    return {compressed(summary.bytes()), compressed(sketches.bytes())};
}

TileReader::TileReader(std::string_view summary, int slot)
    : m_onlySlot(slot)
{
    const std::string raw = decompressed(summary);
    ByteReader reader(raw);
    if (reader.number() == kFormat)
        readSummary(reader);
    else
        reader.fail();
    m_failed = reader.failed();
    if (!m_failed)
        return;
    m_heard.reset();
    m_slots.reset();
    m_columns = {};
}

void TileReader::readSummary(ByteReader& reader)
{
    m_heard = reader.number();
    m_slots = reader.number();
    for (std::unique_ptr<Cells>& cells : m_columns) {
        const std::bitset<kTileEdges> used(reader.number());
        for (std::size_t slot = 0; slot < kTileEdges && !reader.failed(); ++slot) {
            if (!used.test(slot))
                continue;
            const bool wanted = m_onlySlot < 0 || slot == static_cast<std::size_t>(m_onlySlot);
            if (wanted && !cells)
                cells = std::make_unique<Cells>();
            std::uint64_t value = 0;
            for (std::size_t second = 0; second < kTileSeconds; ++second) {
                value += static_cast<std::uint64_t>(reader.difference());
                if (wanted)
                    (*cells)[slot][second] = static_cast<std::uint32_t>(
                        std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
            }
        }
    }
}

void TileReader::addSketches(std::string_view sketches)
{
    m_sketchBytes = decompressed(sketches);
    ByteReader reader(m_sketchBytes);
    if (reader.number() != kFormat)
        reader.fail();
    std::array<std::uint64_t, static_cast<std::size_t>(kTileSeconds)> sizes{};
    for (std::uint64_t& size : sizes)
        size = reader.number();
    for (std::size_t second = 0; second < sizes.size(); ++second)
        m_sections[second] = reader.raw(sizes[second]);
    m_failed = m_failed || reader.failed();
    if (m_failed)
        m_sections = {};
}

Columns TileReader::columns(std::size_t second, std::size_t slot) const
{
    Columns columns{};
    for (std::size_t i = 0; i < kColumns; ++i) {
        if (m_columns[i])
            columns[i] = (*m_columns[i])[slot][second];
    }
    return columns;
}

} // namespace meshyard::history
