// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/tile.h"

#include <algorithm>
#include <limits>

namespace meshyard::history {

namespace {

constexpr std::uint64_t kFormat = 1;

using Row = std::array<std::uint64_t, static_cast<std::size_t>(kTileSeconds)>;

/// Steady counts with noise are smallest around their mean, drifting ones from step to step.
/// Written: base + 1 and differences from it, or 0 and differences from the value before.
void writeRow(const Row& row, ByteWriter& writer)
{
    std::uint64_t sum = 0;
    for (const std::uint64_t value : row)
        sum += value;
    const std::uint64_t mean = sum / row.size();
    const auto distance = [](std::uint64_t a, std::uint64_t b) { return a > b ? a - b : b - a; };
    std::uint64_t stepwise = 0;
    std::uint64_t around = 0;
    std::uint64_t last = 0;
    for (const std::uint64_t value : row) {
        stepwise += distance(value, last);
        around += distance(value, mean);
        last = value;
    }
    const bool steady = around < stepwise;
    writer.number(steady ? mean + 1 : 0);
    last = 0;
    for (const std::uint64_t value : row) {
        writer.difference(static_cast<std::int64_t>(value - (steady ? mean : last)));
        last = value;
    }
}

/// @param row null: only walks over it.
void readRow(
    ByteReader& reader, std::array<std::uint32_t, static_cast<std::size_t>(kTileSeconds)>* row)
{
    const std::uint64_t base = reader.number();
    std::uint64_t value = base == 0 ? 0 : base - 1;
    for (std::size_t second = 0; second < kTileSeconds; ++second) {
        const auto difference = static_cast<std::uint64_t>(reader.difference());
        value = (base == 0 ? value : base - 1) + difference;
        if (row)
            (*row)[second] = static_cast<std::uint32_t>(
                std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
    }
}

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
            writeRow((*cells)[slot], summary);
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
            readRow(reader, wanted ? &(*cells)[slot] : nullptr);
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
