// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/spans.h"

#include <algorithm>

namespace meshyard::document {
namespace {

bool isSpace(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

bool isFlowMark(char c)
{
    return c == ',' || c == '[' || c == ']' || c == '{' || c == '}';
}

/// Walks the tree and the text together.
class SpanFinder
{
public:
    explicit SpanFinder(std::string_view text)
        : m_text(text)
    {
    }

    void visit(Node& node, std::size_t parentIndent, bool flow)
    {
        if (node.aliased) {
            node.end = wordEnd(node.begin);
            return;
        }
        const std::size_t content = skipProperties(node.begin);
        switch (node.kind) {
        case Node::Kind::Null:
            break;
        case Node::Kind::Scalar:
            visitScalar(node, content, parentIndent, flow);
            break;
        case Node::Kind::Sequence:
            visitSequence(node, content, flow);
            break;
        case Node::Kind::Map:
            visitMap(node, content, flow);
            break;
        }
    }

private:
    char at(std::size_t pos) const { return pos < m_text.size() ? m_text[pos] : '\0'; }

    /// Empty where nothing stands any more.
    std::string_view piece(std::size_t pos, std::size_t end) const
    {
        return pos < std::min(end, m_text.size()) ? m_text.substr(pos, end - pos)
                                                  : std::string_view();
    }

    std::size_t lineEnd(std::size_t pos) const
    {
        return std::min(m_text.find('\n', pos), m_text.size());
    }

    std::size_t wordEnd(std::size_t pos) const
    {
        while (pos < m_text.size() && !isSpace(m_text[pos]) && !isFlowMark(m_text[pos]))
            ++pos;
        return pos;
    }

    std::size_t columnOf(std::size_t pos) const
    {
        const std::size_t newline = pos == 0 ? std::string_view::npos : m_text.rfind('\n', pos - 1);
        return newline == std::string_view::npos ? pos : pos - newline - 1;
    }

    std::size_t skipProperties(std::size_t pos) const
    {
        while (at(pos) == '&' || at(pos) == '!')
            pos = skipBlank(m_text, wordEnd(pos));
        return pos;
    }

    void visitScalar(Node& node, std::size_t pos, std::size_t parentIndent, bool flow)
    {
        const char first = at(pos);
        if (first == '"' || first == '\'') {
            node.end = quotedEnd(pos, first);
        } else if (!flow && (first == '|' || first == '>')) {
            node.style = Node::Style::Literal;
            node.end = literalEnd(pos, parentIndent);
        } else {
            node.end = plainEnd(pos, node.text, flow);
        }
    }

    std::size_t quotedEnd(std::size_t pos, char quote) const
    {
        for (++pos; pos < m_text.size(); ++pos) {
            if (quote == '"' && m_text[pos] == '\\') {
                ++pos;
            } else if (m_text[pos] == quote) {
                if (quote == '"' || at(pos + 1) != quote)
                    return pos + 1;
                ++pos;
            }
        }
        return m_text.size();
    }

    std::size_t literalEnd(std::size_t pos, std::size_t parentIndent) const
    {
        std::size_t end = lineEnd(pos);
        std::size_t indent = 0;
        for (std::size_t line = end + 1; line < m_text.size(); line = lineEnd(line) + 1) {
            const std::size_t stop = lineEnd(line);
            std::size_t first = line;
            while (first < stop && m_text[first] == ' ')
                ++first;
            if (first == stop || m_text[first] == '\r')
                continue;
            if (indent == 0)
                indent = std::max<std::size_t>(first - line, 1);
            if (first - line < indent || first - line <= parentIndent)
                break;
            end = stop;
        }
        return end;
    }

    // The piece of a plain scalar on one line, without the white space after it.
    std::size_t plainPieceEnd(std::size_t pos, bool flow) const
    {
        std::size_t end = pos;
        for (std::size_t i = pos; i < m_text.size() && m_text[i] != '\n'; ++i) {
            const char c = m_text[i];
            const char next = at(i + 1);
            if (c == '#' && i > pos && isSpace(m_text[i - 1]))
                break;
            if (c == ':' && (isSpace(next) || next == '\0' || (flow && isFlowMark(next))))
                break;
            if (flow && isFlowMark(c))
                break;
            if (!isSpace(c))
                end = i + 1;
        }
        return end;
    }

    // A plain scalar may go on over lines; its value says when it is complete.
    std::size_t plainEnd(std::size_t pos, const std::string& value, bool flow) const
    {
        std::size_t end = plainPieceEnd(pos, flow);
        std::string read(piece(pos, end));
        while (read.size() < value.size()) {
            std::size_t next = end;
            std::size_t breaks = 0;
            while (next < m_text.size() && isSpace(m_text[next])) {
                breaks += m_text[next] == '\n' ? 1U : 0U;
                ++next;
            }
            const std::size_t stop = plainPieceEnd(next, flow);
            if (breaks == 0 || stop == next)
                break;
            read += breaks == 1 ? std::string(" ") : std::string(breaks - 1, '\n');
            read += piece(next, stop);
            end = stop;
        }
        return end;
    }

    void visitSequence(Node& node, std::size_t pos, bool flow)
    {
        const bool inFlow = flow || node.style == Node::Style::Flow;
        std::size_t cursor = inFlow ? pos + 1 : pos;
        for (Node& item : node.items) {
            cursor = skipBlank(m_text, cursor);
            item.marker = cursor;
            if (!inFlow && cursor < m_text.size())
                ++cursor;
            visitValue(item, cursor, inFlow ? 0 : columnOf(item.marker), inFlow);
            cursor = inFlow ? skipComma(item.end) : item.end;
        }
        finish(node, pos, cursor, inFlow);
    }

    void visitMap(Node& node, std::size_t pos, bool flow)
    {
        const bool inFlow = flow || node.style == Node::Style::Flow;
        std::size_t cursor = pos;
        for (std::size_t i = 0; i < node.keys.size(); ++i) {
            Node& key = node.keys[i];
            Node& value = node.items[i];
            visit(key, 0, inFlow);
            cursor = skipBlank(m_text, key.end);
            if (at(cursor) == ':')
                ++cursor;
            else
                cursor = key.end;
            value.marker = cursor;
            visitValue(value, cursor, inFlow ? 0 : columnOf(key.begin), inFlow);
            cursor = inFlow ? skipComma(value.end) : value.end;
        }
        finish(node, pos, node.keys.empty() ? pos + 1 : cursor, inFlow);
    }

    // yaml-cpp marks an absent value at whatever follows it; ours stands at its marker.
    void visitValue(Node& value, std::size_t marker, std::size_t parentIndent, bool flow)
    {
        if (!value.isNull() || value.aliased) {
            visit(value, parentIndent, flow);
            return;
        }
        std::size_t pos = marker;
        while (at(pos) == ' ' || at(pos) == '\t')
            ++pos;
        const std::size_t stop = plainPieceEnd(pos, flow);
        const std::string_view word = piece(pos, stop);
        const bool written = word == "~" || word == "null" || word == "Null" || word == "NULL";
        value.begin = written ? pos : marker;
        value.end = written ? stop : marker;
    }

    std::size_t skipComma(std::size_t pos) const
    {
        const std::size_t next = skipBlank(m_text, pos);
        return at(next) == ',' ? next + 1 : pos;
    }

    void finish(Node& node, std::size_t pos, std::size_t cursor, bool inFlow) const
    {
        if (!inFlow) {
            node.end = std::max(cursor, pos);
            return;
        }
        const std::size_t close = skipBlank(m_text, cursor);
        node.end = at(close) == ']' || at(close) == '}' ? close + 1 : cursor;
    }

    std::string_view m_text;
};

} // namespace

std::size_t skipBlank(std::string_view text, std::size_t from)
{
    while (from < text.size()) {
        if (isSpace(text[from])) {
            ++from;
        } else if (text[from] == '#' && (from == 0 || isSpace(text[from - 1]))) {
            from = std::min(text.find('\n', from), text.size());
        } else {
            break;
        }
    }
    return from;
}

void findSpans(Node& root, std::string_view text)
{
    SpanFinder(text).visit(root, 0, false);
}

} // namespace meshyard::document
