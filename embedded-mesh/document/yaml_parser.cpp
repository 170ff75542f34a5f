// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/yaml_parser.h"

#include "embedded-mesh/document/spans.h"
#include "embedded-mesh/document/tree_builder.h"

#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <optional>
#include <sstream>
#include <utility>

namespace meshyard::document {
namespace {

struct Chunk
{
    std::string_view text;
    std::uint32_t firstLine = 1;
};

bool isSeparator(std::string_view line, std::string_view mark)
{
    return line.starts_with(mark)
        && (line.size() == 3 || line[3] == ' ' || line[3] == '\t' || line[3] == '\r');
}

// Splits at `---` and `...` lines. Content after `--- ` on the same line is not supported by
// anything people apply, and is refused with a sentence.
std::vector<Chunk> splitStream(std::string_view text, Problems& problems)
{
    std::vector<Chunk> chunks;
    std::size_t start = 0;
    std::uint32_t startLine = 1;
    std::uint32_t line = 1;
    for (std::size_t pos = 0; pos < text.size(); ++line) {
        const std::size_t stop = std::min(text.find('\n', pos), text.size());
        const std::string_view row = text.substr(pos, stop - pos);
        if (isSeparator(row, "---") || isSeparator(row, "...")) {
            chunks.push_back({text.substr(start, pos - start), startLine});
            if (skipBlank(row, 3) < row.size()) {
                problems.push_back({Severity::Error, ProblemKind::Syntax, "", line, 5,
                    static_cast<std::uint32_t>(row.size() + 1),
                    "text after --- on the same line: put it on the next line"});
            }
            start = std::min(stop + 1, text.size());
            startLine = line + 1;
        }
        pos = stop + 1;
    }
    chunks.push_back({text.substr(start), startLine});
    return chunks;
}

std::string friendly(const std::string& message)
{
    static constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kCures = {{
        {"illegal map value",
            "a ':' can't stand here: check the indentation, or quote the text that contains it"},
        {"end of map not found",
            "this line doesn't line up with the mapping above: give it the same indentation as "
            "its neighbours"},
        {"end of sequence not found",
            "this line doesn't line up with the list above: start it with '- ' at the same "
            "indentation"},
        {"end of map flow not found", "a '}' is missing: close the mapping"},
        {"end of sequence flow not found", "a ']' is missing: close the list"},
        {"block sequence entries not allowed",
            "a list item can't start here: put '- ' on a new line below its key"},
        {"map keys are not allowed here", "a key can't start here: put it on a line of its own"},
        {"illegal EOF", "the text ends too early: a quote or bracket is not closed"},
        {"an alias inside its own anchor", "an alias can't contain itself: write the value out"},
    }};
    for (const auto& [theirs, ours] : kCures) {
        if (message.find(theirs) != std::string::npos)
            return std::string(ours);
    }
    if (message.find("tab") != std::string::npos)
        return "a tab can't indent YAML: use spaces";
    return "this is not valid YAML: " + message;
}

Problem syntaxProblem(std::uint32_t line, std::uint32_t column, std::string message)
{
    return {Severity::Error, ProblemKind::Syntax, "", line, column, column + 1, std::move(message)};
}

// Length of the UTF-8 sequence at pos; 0 = invalid (overlong, surrogate, beyond U+10FFFF).
std::size_t sequenceLength(std::string_view text, std::size_t pos)
{
    const auto byte = [&](std::size_t i) {
        return pos + i < text.size() ? static_cast<unsigned char>(text[pos + i]) : 0U;
    };
    const unsigned first = byte(0);
    const std::size_t length = first < 0x80 ? 1
        : first >= 0xC2 && first < 0xE0     ? 2
        : first >= 0xE0 && first < 0xF0     ? 3
        : first >= 0xF0 && first < 0xF5     ? 4
                                            : 0;
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xC0U) != 0x80U)
            return 0;
    }
    const unsigned second = byte(1);
    const bool bad = (first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0)
        || (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90);
    return bad ? 0 : length;
}

std::optional<Problem> badByte(std::string_view text)
{
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    for (std::size_t pos = 0; pos < text.size();) {
        const auto byte = static_cast<unsigned char>(text[pos]);
        const std::size_t length = sequenceLength(text, pos);
        if (length == 0)
            return syntaxProblem(line, column, "this byte is not UTF-8: save the file as UTF-8");
        if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F)
            return syntaxProblem(line, column, "a control byte can't stand in YAML: remove it");
        column = byte == '\n' ? 1 : column + 1;
        line += byte == '\n' ? 1 : 0;
        pos += length;
    }
    return std::nullopt;
}

void parseChunk(const Chunk& chunk, std::string& leading, ParsedStream& result)
{
    Document document;
    document.text = std::string(chunk.text);
    document.firstLine = chunk.firstLine;
    try {
        std::istringstream stream(document.text);
        YAML::Parser parser(stream);
        TreeBuilder builder(document.text, chunk.firstLine);
        if (!parser.HandleNextDocument(builder))
            return;
        document.root = builder.takeRoot();
        Problems problems = builder.takeProblems();
        const bool broken = !problems.empty();
        std::ranges::move(problems, std::back_inserter(result.problems));
        if (broken || document.root.isNull())
            return;
        findSpans(document.root, document.text);
        const std::size_t rest = skipBlank(document.text, document.root.end);
        if (rest < document.text.size() && parser.HandleNextDocument(builder)) {
            result.problems.push_back(syntaxProblem(
                chunk.firstLine, 1, "two documents without a --- line between them: add one"));
            return;
        }
    } catch (const YAML::Exception& e) {
        const auto line = static_cast<std::uint32_t>(std::max(e.mark.line, 0));
        const auto column = static_cast<std::uint32_t>(std::max(e.mark.column, 0));
        result.problems.push_back(
            syntaxProblem(chunk.firstLine + line, column + 1, friendly(e.msg)));
        return;
    }
    document.leading = std::exchange(leading, {});
    result.documents.push_back(std::move(document));
}

} // namespace

ParsedStream parseStream(std::string_view text)
{
    ParsedStream result;
    if (text.starts_with("\xEF\xBB\xBF"))
        text.remove_prefix(3);
    if (const auto problem = badByte(text)) {
        result.problems.push_back(*problem);
        return result;
    }
    std::string leading;
    for (const Chunk& chunk : splitStream(text, result.problems)) {
        const std::size_t content = skipBlank(chunk.text, 0);
        if (content == chunk.text.size()) {
            leading += chunk.text;
            continue;
        }
        if (chunk.text[content] == '%')
            continue; // a directive before ---: nothing of ours depends on one
        parseChunk(chunk, leading, result);
    }
    return result;
}

} // namespace meshyard::document
