// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/text_patch.h"

#include "embedded-mesh/document/tree_edit.h"
#include "embedded-mesh/document/yaml_parser.h"

#include <algorithm>

namespace meshyard::document {
namespace {

// A value that stood on one line stays on one while it is no longer than this.
constexpr std::size_t kMostOnALine = 80;

bool isLeaf(const Node& node)
{
    return node.isScalar() || node.isNull() || node.items.empty();
}

std::optional<ListIndent> listIndentOf(const Node& node, std::string_view text)
{
    const auto column = [&](std::size_t pos) {
        const std::size_t newline = pos == 0 ? std::string_view::npos : text.rfind('\n', pos - 1);
        return newline == std::string_view::npos ? pos : pos - newline - 1;
    };
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        const Node& item = node.items[i];
        const bool list
            = item.isSequence() && item.style == Node::Style::Block && !item.items.empty();
        if (node.isMap() && node.style == Node::Style::Block && list)
            return column(item.begin) == column(node.keys[i].begin) ? ListIndent::SameColumn
                                                                    : ListIndent::Deeper;
        if (const auto inner = listIndentOf(item, text))
            return inner;
    }
    return std::nullopt;
}

} // namespace

TextPatch::TextPatch(std::string text, Node root)
    : m_text(std::move(text))
    , m_root(std::move(root))
    , m_lists(listIndentOf(m_root, m_text).value_or(ListIndent::Deeper))
    , m_newline(m_text.find("\r\n") == std::string::npos ? "\n" : "\r\n")
{
}

Result<TextPatch> TextPatch::open(std::string_view text)
{
    ParsedStream stream = parseStream(text);
    if (hasErrors(stream.problems))
        return failure(ErrorCode::InvalidArgument, toString(stream.problems.front()));
    if (stream.documents.size() != 1)
        return failure(ErrorCode::InvalidArgument, "exactly one document can be changed at a time");
    Document& document = stream.documents.front();
    if (document.text.size() != text.size()) {
        // Comments or `---` stood around the document: keep them, with offsets that fit.
        Node root = std::move(document.root);
        const std::size_t shift = text.find(document.text);
        if (shift == std::string_view::npos)
            return failure(ErrorCode::InvalidArgument, "the document's text is not continuous");
        shiftOffsets(root, shift);
        return TextPatch(std::string(text), std::move(root));
    }
    return TextPatch(std::move(document.text), std::move(document.root));
}

Result<void> TextPatch::set(const FieldPath& path, const Node& value)
{
    Node intended = m_root;
    if (auto done = setInTree(intended, path, value); !done)
        return done;
    return commit(withValue(path, value), std::move(intended), path);
}

Result<void> TextPatch::insert(const FieldPath& list, std::size_t index, const Node& value)
{
    Node intended = m_root;
    if (auto done = insertInTree(intended, list, index, value); !done)
        return done;
    return commit(withItem(list, index, value), std::move(intended), list);
}

Result<void> TextPatch::remove(const FieldPath& path)
{
    Node intended = m_root;
    if (auto done = removeFromTree(intended, path); !done)
        return done;
    return commit(without(path), std::move(intended), path);
}

// Falls back to ever larger enclosing values until the text says what was meant.
Result<void> TextPatch::commit(
    std::optional<std::string> candidate, Node intended, const FieldPath& path)
{
    if (intended == m_root || (candidate && accept(*candidate, intended)))
        return {};
    for (FieldPath around = path; !around.empty();) {
        around = around.parent();
        const Node* whole = locate(static_cast<const Node&>(intended), around);
        if (!whole || !locate(static_cast<const Node&>(m_root), around))
            continue;
        const auto reprinted = withValue(around, *whole);
        if (reprinted && accept(*reprinted, intended))
            return {};
    }
    return failure(ErrorCode::Internal, "the change can't be written into this text");
}

bool TextPatch::accept(const std::string& candidate, const Node& intended)
{
    auto opened = open(candidate);
    if (!opened || !(opened->m_root == intended))
        return false;
    const ListIndent lists = m_lists;
    *this = std::move(*opened);
    m_lists = listIndentOf(m_root, m_text).value_or(lists);
    return true;
}

std::optional<std::string> TextPatch::withValue(const FieldPath& path, const Node& value) const
{
    if (path.empty()) {
        return m_text.substr(0, m_root.begin) + printed(value, columnOf(m_root.begin))
            + m_text.substr(m_root.end);
    }
    const FieldPath parentPath = path.parent();
    const Node* parent = locate(m_root, parentPath);
    const auto* key = std::get_if<std::string>(&path.last());
    if (!parent || (parent->items.empty() && key))
        return key ? withValue(parentPath, Node::map({{*key, value}})) : std::nullopt;
    if (const Node* old = locate(m_root, path))
        return withReplaced(path, *old, value);
    return key ? withEntry(parentPath, *key, value) : std::nullopt;
}

std::optional<std::string> TextPatch::withReplaced(
    const FieldPath& path, const Node& old, const Node& value) const
{
    const std::string gap = old.begin == old.marker ? " " : "";
    const bool oldFlow = old.style == Node::Style::Flow && !isLeaf(old) && !old.aliased;
    const std::string flow = printFlow(value);
    if (isFlow(path.parent()) || (oldFlow && !isLeaf(value) && flow.size() <= kMostOnALine))
        return applied({{old.begin, old.end, gap + flow}});
    const bool inMap = std::holds_alternative<std::string>(path.last());
    const bool oldBlock = !isLeaf(old) && old.style == Node::Style::Block && !old.aliased;
    if (isLeaf(value)) {
        if (oldBlock && lineStart(old.begin) != lineStart(old.marker))
            return applied({{old.marker, old.marker, " " + printed(value, 0)},
                {lineEnd(old.marker), old.end, ""}});
        return applied({{old.begin, old.end, gap + printed(value, 0)}});
    }
    if (oldBlock) {
        const std::size_t column = columnOf(old.begin);
        if (old.kind == value.kind || !inMap || !startsLine(old.begin))
            return applied({{old.begin, old.end, printed(value, column)}});
        return std::nullopt;
    }
    if (!inMap)
        return applied({{old.begin, old.end, gap + printed(value, columnOf(old.marker) + 2)}});
    const Node* parent = locate(m_root, path.parent());
    const auto owner
        = std::ranges::find_if(parent->items, [&](const Node& item) { return &item == &old; });
    const auto index = static_cast<std::size_t>(owner - parent->items.begin());
    const std::size_t indent = columnOf(parent->keys[index].begin)
        + (value.isSequence() && m_lists == ListIndent::SameColumn ? 0 : 2);
    const std::size_t stop = lineEnd(old.end);
    return applied({{old.marker, old.end, ""},
        {stop, stop, m_newline + std::string(indent, ' ') + printed(value, indent)}});
}

std::optional<std::string> TextPatch::withEntry(
    const FieldPath& map, std::string_view key, const Node& value) const
{
    const Node* parent = locate(m_root, map);
    if (!parent || !parent->isMap() || parent->items.empty() || parent->aliased)
        return std::nullopt;
    if (isFlow(map)) {
        const std::size_t stop = parent->items.back().end;
        return applied({{stop, stop, ", " + printString(key) + ": " + printFlow(value)}});
    }
    const std::size_t indent = columnOf(parent->keys.front().begin);
    Node entry = Node::map();
    entry.keys.push_back(Node::string(std::string(key)));
    entry.items.push_back(value);
    const std::size_t stop = lineEnd(parent->end);
    return applied({{stop, stop, m_newline + std::string(indent, ' ') + printed(entry, indent)}});
}

std::optional<std::string> TextPatch::withItem(
    const FieldPath& list, std::size_t index, const Node& value) const
{
    const Node* parent = locate(m_root, list);
    if (!parent || parent->items.empty())
        return withValue(list, Node::sequence({value}));
    if (!parent->isSequence() || parent->aliased)
        return std::nullopt;
    const bool append = index >= parent->items.size();
    if (isFlow(list)) {
        const std::size_t place = append ? parent->items.back().end : parent->items[index].begin;
        return applied(
            {{place, place, append ? ", " + printFlow(value) : printFlow(value) + ", "}});
    }
    const std::size_t dash = columnOf(parent->items.front().marker);
    const std::string item = std::string(dash, ' ') + "- " + printed(value, dash + 2);
    if (append) {
        const std::size_t stop = lineEnd(parent->end);
        return applied({{stop, stop, m_newline + item}});
    }
    const std::size_t marker = parent->items[index].marker;
    if (!startsLine(marker))
        return std::nullopt;
    const std::size_t floor = index > 0 ? parent->items[index - 1].end : parent->marker;
    const std::size_t place = commentsAbove(lineStart(marker), floor);
    return applied({{place, place, item + m_newline}});
}

std::optional<std::string> TextPatch::without(const FieldPath& path) const
{
    const FieldPath parentPath = path.parent();
    const Node* parent = path.empty() ? nullptr : locate(m_root, parentPath);
    const Node* node = parent ? locate(m_root, path) : nullptr;
    if (!node || parent->aliased)
        return std::nullopt;
    if (parent->items.size() == 1)
        return withValue(parentPath, parent->isMap() ? Node::map() : Node::sequence());
    const auto place
        = std::ranges::find_if(parent->items, [&](const Node& item) { return &item == node; });
    return withoutEntry(
        *parent, static_cast<std::size_t>(place - parent->items.begin()), isFlow(parentPath));
}

std::optional<std::string> TextPatch::withoutEntry(
    const Node& parent, std::size_t index, bool flow) const
{
    const auto begin = [&](std::size_t i) {
        return parent.isMap() ? parent.keys[i].begin : parent.items[i].marker;
    };
    const std::size_t start = begin(index);
    const std::size_t stop = parent.items[index].end;
    const bool last = index + 1 == parent.items.size();
    if (flow)
        return last ? applied({{parent.items[index - 1].end, stop, ""}})
                    : applied({{start, begin(index + 1), ""}});
    if (startsLine(start))
        return applied({{lineStart(start), nextLine(stop), ""}});
    return last ? std::nullopt : std::optional(applied({{start, begin(index + 1), ""}}));
}

std::string TextPatch::applied(std::initializer_list<Edit> edits) const
{
    std::string result;
    std::size_t from = 0;
    for (const Edit& edit : edits) {
        result.append(m_text, from, edit.begin - from);
        result += edit.text;
        from = edit.end;
    }
    return result.append(m_text, from, std::string::npos);
}

std::string TextPatch::printed(const Node& value, std::size_t indent) const
{
    std::string text = printBlock(value, indent, m_lists);
    if (m_newline == "\n")
        return text;
    std::string converted;
    for (const char c : text)
        converted += c == '\n' ? m_newline : std::string(1, c);
    return converted;
}

bool TextPatch::isFlow(const FieldPath& path) const
{
    const Node* node = &m_root;
    bool flow = node->style == Node::Style::Flow;
    for (const auto& step : path.steps()) {
        FieldPath one;
        one = std::holds_alternative<std::string>(step) ? one / std::get<std::string>(step)
                                                        : one / std::get<std::size_t>(step);
        node = locate(*node, one);
        if (!node)
            break;
        flow = flow || node->style == Node::Style::Flow;
    }
    return flow;
}

std::size_t TextPatch::lineStart(std::size_t pos) const
{
    const std::size_t newline = pos == 0 ? std::string::npos : m_text.rfind('\n', pos - 1);
    return newline == std::string::npos ? 0 : newline + 1;
}

std::size_t TextPatch::columnOf(std::size_t pos) const
{
    return pos - lineStart(pos);
}

std::size_t TextPatch::lineEnd(std::size_t pos) const
{
    const std::size_t newline = std::min(m_text.find('\n', pos), m_text.size());
    return newline > pos && newline < m_text.size() && m_text[newline - 1] == '\r' ? newline - 1
                                                                                   : newline;
}

std::size_t TextPatch::nextLine(std::size_t pos) const
{
    const std::size_t newline = m_text.find('\n', pos);
    return newline == std::string::npos ? m_text.size() : newline + 1;
}

bool TextPatch::startsLine(std::size_t pos) const
{
    const std::size_t start = lineStart(pos);
    return m_text.find_first_not_of(' ', start) == pos;
}

std::size_t TextPatch::commentsAbove(std::size_t line, std::size_t floor) const
{
    while (line > 0) {
        const std::size_t above = lineStart(line - 1);
        const std::size_t first = m_text.find_first_not_of(' ', above);
        if (above <= floor || first >= line || m_text[first] != '#')
            break;
        line = above;
    }
    return line;
}

} // namespace meshyard::document
