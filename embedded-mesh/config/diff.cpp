// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/diff.h"

#include "embedded-mesh/document/field_path.h"
#include "embedded-mesh/document/yaml_printer.h"

#include <algorithm>
#include <map>
#include <set>

namespace meshyard::config {
namespace {

using document::Node;
using Lines = std::vector<std::string_view>;

Lines splitLines(std::string_view text)
{
    Lines lines;
    while (!text.empty()) {
        const std::size_t newline = text.find('\n');
        lines.push_back(text.substr(0, newline));
        text.remove_prefix(newline == std::string_view::npos ? text.size() : newline + 1);
    }
    return lines;
}

/// One step of an edit script: ' ' both, '-' before only, '+' after only.
struct Step
{
    char mark = ' ';
    std::string_view line;
};

constexpr std::size_t kMaxCells = 4'000'000;

// Longest common subsequence of the middle parts; beyond 4 million cells all of it counts as
// replaced, which only makes the diff longer.
void diffMiddle(
    const Lines& a, const Lines& b, std::size_t head, std::size_t tail, std::vector<Step>& script)
{
    const std::size_t n = a.size() - head - tail;
    const std::size_t m = b.size() - head - tail;
    std::vector<std::uint32_t> table;
    const bool align = (n + 1) * (m + 1) <= kMaxCells;
    if (align)
        table.assign((n + 1) * (m + 1), 0);
    const auto cell
        = [&](std::size_t i, std::size_t j) -> std::uint32_t& { return table[i * (m + 1) + j]; };
    for (std::size_t i = align ? n : 0; i > 0; --i) {
        for (std::size_t j = m; j > 0; --j)
            cell(i - 1, j - 1) = a[head + i - 1] == b[head + j - 1]
                ? cell(i, j) + 1
                : std::max(cell(i, j - 1), cell(i - 1, j));
    }
    std::size_t i = 0;
    std::size_t j = 0;
    while (i < n || j < m) {
        if (align && i < n && j < m && a[head + i] == b[head + j]) {
            script.push_back({' ', a[head + i]});
            ++i;
            ++j;
        } else if (i < n && (!align || j == m || cell(i + 1, j) >= cell(i, j + 1))) {
            script.push_back({'-', a[head + i++]});
        } else {
            script.push_back({'+', b[head + j++]});
        }
    }
}

std::vector<Step> editScript(const Lines& a, const Lines& b)
{
    std::size_t head = 0;
    while (head < a.size() && head < b.size() && a[head] == b[head])
        ++head;
    std::size_t tail = 0;
    while (tail + head < a.size() && tail + head < b.size()
        && a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
        ++tail;
    std::vector<Step> script;
    for (std::size_t i = 0; i < head; ++i)
        script.push_back({' ', a[i]});
    diffMiddle(a, b, head, tail, script);
    for (std::size_t i = a.size() - tail; i < a.size(); ++i)
        script.push_back({' ', a[i]});
    return script;
}

std::string range(std::size_t first, std::size_t count)
{
    const std::string start = std::to_string(count == 0 ? first : first + 1);
    return count == 1 ? start : start + "," + std::to_string(count);
}

// Prints one hunk: steps [from, to), which begin at these line numbers (from 0).
void printHunk(std::string& out, const std::vector<Step>& script, std::size_t from, std::size_t to,
    std::size_t lineA, std::size_t lineB)
{
    std::size_t a = 0;
    std::size_t b = 0;
    std::string body;
    for (std::size_t i = from; i < to; ++i) {
        a += script[i].mark == '+' ? 0U : 1U;
        b += script[i].mark == '-' ? 0U : 1U;
        body += script[i].mark;
        body += script[i].line;
        body += '\n';
    }
    out += "@@ -" + range(lineA, a) + " +" + range(lineB, b) + " @@\n" + body;
}

using Entries = std::vector<std::pair<std::string, const Node*>>;

// What identifies each item of a list: its name where all items have one of their own.
Entries entriesOf(const Node& node)
{
    Entries entries;
    if (node.isMap()) {
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            std::string step;
            document::appendKey(step, node.keys[i].text);
            entries.emplace_back(step.starts_with('[') ? step : "." + step, &node.items[i]);
        }
        return entries;
    }
    std::set<std::string> names;
    for (const Node& item : node.items) {
        const Node* name = item.isMap() ? item.find("name") : nullptr;
        if (name && name->isScalar())
            names.insert(name->text);
    }
    const bool named = !node.items.empty() && names.size() == node.items.size();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        const std::string key
            = named ? "name=" + node.items[i].find("name")->text : std::to_string(i);
        entries.emplace_back("[" + key + "]", &node.items[i]);
    }
    return entries;
}

void compare(const std::string& path, const Node* before, const Node* after,
    std::vector<FieldDifference>& out)
{
    if (before && after && *before == *after)
        return;
    const bool deeper = before && after && before->kind == after->kind && !before->isScalar()
        && !before->items.empty() && !after->items.empty();
    if (!deeper) {
        const std::string shown = path.starts_with('.') ? path.substr(1) : path;
        out.push_back({shown, before ? document::printFlow(*before) : "",
            after ? document::printFlow(*after) : ""});
        return;
    }
    const Entries left = entriesOf(*before);
    const Entries right = entriesOf(*after);
    const std::map<std::string, const Node*> rightByKey(right.begin(), right.end());
    std::set<std::string> seen;
    for (const auto& [key, node] : left) {
        seen.insert(key);
        const auto other = rightByKey.find(key);
        compare(path + key, node, other == rightByKey.end() ? nullptr : other->second, out);
    }
    for (const auto& [key, node] : right) {
        if (!seen.contains(key))
            compare(path + key, nullptr, node, out);
    }
}

std::string fileName(const ResourceId& id)
{
    return id.ns + "/" + id.kind + "/" + id.name + ".yaml";
}

} // namespace

std::string unifiedDiff(std::string_view before, std::string_view after,
    std::string_view nameBefore, std::string_view nameAfter)
{
    constexpr std::size_t kContext = 3;
    if (before == after)
        return {};
    const auto script = editScript(splitLines(before), splitLines(after));
    std::string out = "--- " + std::string(before.empty() ? "/dev/null" : nameBefore) + "\n+++ "
        + std::string(after.empty() ? "/dev/null" : nameAfter) + "\n";
    std::size_t lineA = 0;
    std::size_t lineB = 0;
    std::size_t done = 0;
    const auto advance = [&](std::size_t to) {
        for (; done < to; ++done) {
            lineA += script[done].mark == '+' ? 0U : 1U;
            lineB += script[done].mark == '-' ? 0U : 1U;
        }
    };
    for (std::size_t i = 0; i < script.size(); ++i) {
        if (script[i].mark == ' ')
            continue;
        advance(i > kContext ? std::max(done, i - kContext) : done);
        std::size_t last = i;
        for (std::size_t k = i; k < script.size() && k <= last + 2 * kContext; ++k)
            last = script[k].mark == ' ' ? last : k;
        const std::size_t stop = std::min(script.size(), last + kContext + 1);
        printHunk(out, script, done, stop, lineA, lineB);
        advance(stop);
        i = stop - 1;
    }
    return out;
}

std::vector<FieldDifference> fieldDifferences(const Resource& before, const Resource& after)
{
    std::vector<FieldDifference> differences;
    compare("", before.tree.get(), after.tree.get(), differences);
    return differences;
}

std::vector<ResourceDiff> diff(std::span<const Resource> before, std::span<const Resource> after)
{
    std::map<ResourceId, std::pair<const Resource*, const Resource*>> pairs;
    for (const Resource& resource : before)
        pairs[resource.id].first = &resource;
    for (const Resource& resource : after)
        pairs[resource.id].second = &resource;
    std::vector<ResourceDiff> result;
    for (const auto& [id, pair] : pairs) {
        const auto [old, now] = pair;
        if (old && now && old->text == now->text)
            continue;
        ResourceDiff entry;
        entry.id = id;
        entry.kind = !old ? ChangeKind::Created : !now ? ChangeKind::Deleted : ChangeKind::Changed;
        if (old && now)
            entry.fields = fieldDifferences(*old, *now);
        entry.unified = unifiedDiff(old ? std::string_view(old->text) : "",
            now ? std::string_view(now->text) : "", "a/" + fileName(id), "b/" + fileName(id));
        result.push_back(std::move(entry));
    }
    return result;
}

} // namespace meshyard::config
