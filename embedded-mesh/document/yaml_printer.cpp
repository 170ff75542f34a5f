// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/yaml_printer.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace meshyard::document {
namespace {

bool looksLikeNumber(std::string_view text)
{
    if (text.starts_with('+') || text.starts_with('-'))
        text.remove_prefix(1);
    if (text.empty())
        return false;
    if (text.starts_with("0x") || text.starts_with("0o"))
        return true;
    double value = 0;
    const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return stop == text.data() + text.size() && text.front() != 'i' && text.front() != 'n';
}

bool looksLikeWord(std::string_view text)
{
    static constexpr std::array<std::string_view, 13> kWords = {
        "true", "false", "null", "~", "yes", "no", "on", "off", "y", "n", ".nan", ".inf", "-.inf"};
    std::string lower(text);
    std::ranges::transform(lower, lower.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return std::ranges::find(kWords, lower) != kWords.end();
}

bool mayBePlain(std::string_view text)
{
    if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.back() == ':')
        return false;
    // A byte order mark at the start of a text would be taken off, and "..." ends a document.
    if (text.starts_with("\xEF\xBB\xBF") || text.starts_with("..."))
        return false;
    static constexpr std::string_view kBadFirst = "-?:,[]{}#&*!|>'\"%@`";
    if (kBadFirst.find(text.front()) != std::string_view::npos
        && !(text.front() == '-' && text.size() > 1 && text[1] != ' ' && text[1] != '-'))
        return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        const char next = i + 1 < text.size() ? text[i + 1] : ' ';
        if (byte < 0x20 || byte == 0x7F || (text[i] == ':' && next == ' ')
            || (text[i] == ' ' && next == '#'))
            return false;
        if (std::string_view(",[]{}").find(text[i]) != std::string_view::npos)
            return false; // so that it may stand in a flow collection too
    }
    return true;
}

std::string doubleQuoted(std::string_view text)
{
    static constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string result = "\"";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            result += '\\';
            result += c;
        } else if (c == '\n') {
            result += "\\n";
        } else if (c == '\t') {
            result += "\\t";
        } else if (byte < 0x20 || byte == 0x7F) {
            result += "\\x";
            result += kHex[byte >> 4U];
            result += kHex[byte & 15U];
        } else {
            result += c;
        }
    }
    return result + "\"";
}

bool isLeaf(const Node& node)
{
    return node.isScalar() || node.isNull() || node.items.empty();
}

std::string leafText(const Node& node)
{
    if (node.isMap())
        return "{}";
    if (node.isSequence())
        return "[]";
    return node.isNull() ? "null" : printScalar(node);
}

void printInto(std::string& out, const Node& node, std::size_t indent, ListIndent lists);

void printEntries(std::string& out, const Node& map, std::size_t indent, ListIndent lists)
{
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
        if (i > 0)
            out += "\n" + std::string(indent, ' ');
        const Node& value = map.items[i];
        out += printString(map.keys[i].text) + ":";
        if (isLeaf(value)) {
            out += " " + leafText(value);
            continue;
        }
        const bool same = value.isSequence() && lists == ListIndent::SameColumn;
        const std::size_t inner = indent + (same ? 0 : 2);
        out += "\n" + std::string(inner, ' ');
        printInto(out, value, inner, lists);
    }
}

void printInto(std::string& out, const Node& node, std::size_t indent, ListIndent lists)
{
    if (isLeaf(node)) {
        out += leafText(node);
    } else if (node.isMap()) {
        printEntries(out, node, indent, lists);
    } else {
        for (std::size_t i = 0; i < node.items.size(); ++i) {
            if (i > 0)
                out += "\n" + std::string(indent, ' ');
            out += "- ";
            printInto(out, node.items[i], indent + 2, lists);
        }
    }
}

} // namespace

std::string printString(std::string_view text)
{
    const bool plain = mayBePlain(text) && !looksLikeNumber(text) && !looksLikeWord(text);
    return plain ? std::string(text) : doubleQuoted(text);
}

std::string printScalar(const Node& node)
{
    if (node.style == Node::Style::Plain && mayBePlain(node.text))
        return node.text;
    return printString(node.text);
}

std::string printBlock(const Node& node, std::size_t indent, ListIndent lists)
{
    std::string out;
    printInto(out, node, indent, lists);
    return out;
}

std::string printFlow(const Node& node)
{
    if (isLeaf(node))
        return leafText(node);
    std::string out = node.isMap() ? "{" : "[";
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        if (i > 0)
            out += ", ";
        if (node.isMap())
            out += printString(node.keys[i].text) + ": ";
        out += printFlow(node.items[i]);
    }
    return out + (node.isMap() ? "}" : "]");
}

} // namespace meshyard::document
