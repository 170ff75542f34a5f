// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace meshyard::ctl {

namespace {

/// Characters, not bytes: names may be UTF-8.
std::size_t width(const std::string& text)
{
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(),
        [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

} // namespace

Table::Table(std::vector<Column> columns)
    : m_columns(std::move(columns))
{
}

void Table::addRow(std::vector<std::string> cells)
{
    cells.resize(m_columns.size());
    std::transform(cells.begin(), cells.end(), cells.begin(), printable);
    m_rows.push_back(std::move(cells));
}

void Table::print() const
{
    std::vector<std::vector<std::string>> lines(1);
    for (const Column& column : m_columns)
        lines[0].push_back(column.title);
    lines.insert(lines.end(), m_rows.begin(), m_rows.end());
    std::vector<std::size_t> widths(m_columns.size());
    for (const auto& line : lines) {
        for (std::size_t i = 0; i < line.size(); ++i)
            widths[i] = std::max(widths[i], width(line[i]));
    }
    for (const auto& line : lines) {
        std::string text;
        for (std::size_t i = 0; i < line.size(); ++i) {
            const std::string pad(widths[i] - width(line[i]), ' ');
            const bool last = i + 1 == line.size();
            if (m_columns[i].align == Align::Right)
                text += pad + line[i];
            else
                text += last ? line[i] : line[i] + pad;
            text += last ? "\n" : "  ";
        }
        std::fputs(text.c_str(), stdout);
    }
}

std::string figure(double value)
{
    if (value == 0.0 || !std::isfinite(value))
        return value == 0.0 ? "0" : "-";
    const int digits = static_cast<int>(std::floor(std::log10(std::fabs(value))));
    const int decimals = std::clamp(2 - digits, 0, 6);
    const double scale = std::pow(10.0, 2 - digits);
    return fmt::format("{:.{}f}", std::round(value * scale) / scale, decimals);
}

std::string figure(const std::optional<double>& value)
{
    return value ? figure(*value) : "-";
}

std::string percent(const std::optional<double>& share)
{
    if (!share)
        return "-";
    double value = std::round(*share * 1000.0) / 10.0;
    if (*share < 1.0)
        value = std::min(value, 99.9);
    if (*share > 0.0)
        value = std::max(value, 0.1);
    return fmt::format("{:.{}f}%", value, value == 100.0 || value == 0.0 ? 0 : 1);
}

std::string nodeName(const NodeKey& key, const std::string& home)
{
    std::string name = key.ns == home || key.ns.empty() ? key.service : key.ns + '/' + key.service;
    return key.version.empty() ? name : name + '@' + key.version;
}

std::string breakerText(const EdgeBreaker& breaker)
{
    if (breaker.known == Knowledge::Stale)
        return "stale";
    std::string text;
    if (breaker.overrideKind != OverrideKind::None) {
        text = overrideName(breaker.overrideKind);
        if (breaker.overrideKind == OverrideKind::Draining)
            text += fmt::format(" {}%", breaker.drainPercent);
    } else if (breaker.state == BreakerState::Open) {
        text = fmt::format("OPEN {}/{}", breaker.openInstances, breaker.instances);
    } else if (breaker.state == BreakerState::HalfOpen) {
        text = fmt::format("half-open {}/{}", breaker.halfOpenInstances, breaker.instances);
    } else {
        text = breaker.state == BreakerState::Closed ? "closed" : "unknown";
    }
    if (breaker.secondsLeft > 0)
        text += fmt::format(" {} s", breaker.secondsLeft);
    if (breaker.known == Knowledge::Inferred)
        text += " (inferred)";
    return breaker.observeOnly ? "[" + text + "]" : text;
}

std::string timeText(std::int64_t unixMs)
{
    if (unixMs == 0)
        return "-";
    return fmt::format(
        "{:%Y-%m-%d %H:%M:%S}", fmt::localtime(static_cast<std::time_t>(unixMs / 1000)));
}

void printJson(const Json& json, bool line)
{
    const std::string text
        = json.dump(line ? -1 : 2, ' ', false, nlohmann::json::error_handler_t::replace);
    std::printf("%s\n", text.c_str());
}

std::string printable(const std::string& text)
{
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        out += byte < 0x20 || byte == 0x7F ? fmt::format("\\x{:02x}", byte) : std::string(1, c);
    }
    return out;
}

} // namespace meshyard::ctl
