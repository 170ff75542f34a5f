// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/tree_builder.h"

#include "embedded-mesh/document/suggestion.h"

#include <yaml-cpp/exceptions.h>

#include <algorithm>

namespace meshyard::document {
namespace {

constexpr std::size_t kMaxNodes = 200'000;
constexpr std::size_t kMaxDepth = 100;
constexpr std::size_t kSmallMap = 16;

std::size_t countNodes(const Node& node)
{
    std::size_t count = 1 + node.keys.size();
    for (const Node& item : node.items)
        count += countNodes(item);
    return count;
}

std::uint32_t charactersBefore(std::string_view text, std::size_t offset)
{
    offset = std::min(offset, text.size());
    const std::size_t newline = offset == 0 ? std::string_view::npos : text.rfind('\n', offset - 1);
    const std::size_t start = newline == std::string_view::npos ? 0 : newline + 1;
    return static_cast<std::uint32_t>(std::ranges::count_if(text.substr(start, offset - start),
        [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

/// yaml-cpp turns the escapes \\N and \\_ into a lone byte, which is no UTF-8: sound text, with
/// that byte's character in its place. All else was checked before it was parsed.
std::string withWholeCharacters(const std::string& text)
{
    std::string whole;
    whole.reserve(text.size());
    std::size_t following = 0; // bytes that belong to the character before
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0xC0)
            following = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
        else if (byte >= 0x80 && following == 0)
            whole += '\xC2';
        else if (following > 0)
            --following;
        whole += c;
    }
    return whole;
}

} // namespace

TreeBuilder::TreeBuilder(std::string_view text, std::uint32_t firstLine)
    : m_text(text)
    , m_firstLine(firstLine)
    , m_ascii(
          std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; }))
{
}

void TreeBuilder::OnDocumentStart(const YAML::Mark& /*mark*/) { }

void TreeBuilder::OnDocumentEnd() { }

void TreeBuilder::OnNull(const YAML::Mark& mark, YAML::anchor_t anchor)
{
    add(placed(mark, Node::Kind::Null), anchor);
}

void TreeBuilder::OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor)
{
    const auto known = m_anchors.find(anchor);
    if (known == m_anchors.end())
        throw YAML::ParserException(mark, "an alias inside its own anchor");
    Node node = known->second;
    m_nodes += countNodes(node);
    const Node place = placed(mark, node.kind);
    node.aliased = true;
    node.begin = place.begin;
    node.end = place.end;
    node.line = place.line;
    node.column = place.column;
    add(std::move(node), 0);
}

void TreeBuilder::OnScalar(
    const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value)
{
    Node node = placed(mark, Node::Kind::Scalar);
    node.style = tag == "?" ? Node::Style::Plain : Node::Style::Quoted;
    node.text = node.style == Node::Style::Plain ? value : withWholeCharacters(value);
    add(std::move(node), anchor);
}

void TreeBuilder::OnSequenceStart(const YAML::Mark& mark, const std::string& /*tag*/,
    YAML::anchor_t anchor, YAML::EmitterStyle::value style)
{
    open(mark, Node::Kind::Sequence, anchor, style);
}

void TreeBuilder::OnSequenceEnd()
{
    close();
}

void TreeBuilder::OnMapStart(const YAML::Mark& mark, const std::string& /*tag*/,
    YAML::anchor_t anchor, YAML::EmitterStyle::value style)
{
    open(mark, Node::Kind::Map, anchor, style);
}

void TreeBuilder::OnMapEnd()
{
    close();
}

Node TreeBuilder::placed(const YAML::Mark& mark, Node::Kind kind) const
{
    Node node;
    node.kind = kind;
    node.begin = std::min(static_cast<std::size_t>(std::max(mark.pos, 0)), m_text.size());
    node.end = node.begin;
    node.line = m_firstLine + static_cast<std::uint32_t>(std::max(mark.line, 0));
    node.column = 1
        + (m_ascii ? static_cast<std::uint32_t>(mark.column)
                   : charactersBefore(m_text, node.begin));
    return node;
}

void TreeBuilder::open(
    const YAML::Mark& mark, Node::Kind kind, YAML::anchor_t anchor, YAML::EmitterStyle::value style)
{
    if (m_open.size() >= kMaxDepth)
        throw YAML::ParserException(mark, "more than 100 levels deep");
    Node node = placed(mark, kind);
    node.style = style == YAML::EmitterStyle::Flow ? Node::Style::Flow : Node::Style::Block;
    m_open.push_back({std::move(node), anchor, {}});
}

void TreeBuilder::close()
{
    Frame frame = std::move(m_open.back());
    m_open.pop_back();
    add(std::move(frame.node), frame.anchor);
}

void TreeBuilder::add(Node node, YAML::anchor_t anchor)
{
    if (++m_nodes > kMaxNodes)
        throw YAML::ParserException(YAML::Mark(), "more than 200000 values in one document");
    if (anchor != 0)
        m_anchors[anchor] = node;
    if (m_open.empty()) {
        m_root = std::move(node);
        return;
    }
    Frame& parent = m_open.back();
    if (parent.node.isMap() && parent.node.keys.size() == parent.node.items.size())
        addKey(parent, std::move(node));
    else
        parent.node.items.push_back(std::move(node));
}

void TreeBuilder::addKey(Frame& frame, Node key)
{
    if (!key.isScalar()) {
        const bool null = key.isNull();
        report(ProblemKind::Syntax, key,
            null ? "a key is missing before this ':': write one, or quote the text"
                 : "a mapping key must be plain text, not a list or a mapping");
        key.kind = Node::Kind::Scalar;
    }
    auto& keys = frame.node.keys;
    std::uint32_t firstLine = 0;
    if (keys.size() < kSmallMap) {
        for (const Node& known : keys) {
            if (known.text == key.text)
                firstLine = known.line;
        }
    } else {
        if (frame.seen.empty()) {
            for (const Node& known : keys)
                frame.seen.emplace(known.text, known.line);
        }
        const auto [known, fresh] = frame.seen.emplace(key.text, key.line);
        firstLine = fresh ? 0 : known->second;
    }
    if (firstLine > 0) {
        report(ProblemKind::DuplicateKey, key,
            "the key " + quoted(key.text) + " is already on line " + std::to_string(firstLine)
                + ": remove one of the two");
    }
    keys.push_back(std::move(key));
}

void TreeBuilder::report(ProblemKind kind, const Node& at, std::string message)
{
    Problem problem;
    problem.kind = kind;
    problem.path = pathHere();
    if (kind == ProblemKind::DuplicateKey)
        problem.path += (problem.path.empty() ? "" : ".") + at.text;
    problem.line = at.line;
    problem.column = at.column;
    problem.endColumn
        = at.column + std::max<std::uint32_t>(1, static_cast<std::uint32_t>(at.text.size()));
    problem.message = std::move(message);
    m_problems.push_back(std::move(problem));
}

std::string TreeBuilder::pathHere() const
{
    std::string path;
    for (std::size_t i = 0; i + 1 < m_open.size(); ++i) {
        const Node& node = m_open[i].node;
        if (node.isSequence())
            path += "[" + std::to_string(node.items.size()) + "]";
        else if (!node.keys.empty())
            path += (path.empty() ? "" : ".") + node.keys.back().text;
    }
    return path;
}

} // namespace meshyard::document
