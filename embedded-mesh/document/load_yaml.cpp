// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/load_yaml.h"

#include "embedded-mesh/document/message_reader.h"
#include "embedded-mesh/document/message_writer.h"
#include "embedded-mesh/document/yaml_parser.h"
#include "embedded-mesh/document/yaml_printer.h"

namespace meshyard::document {
namespace {

Result<void> refuse(const Problems& problems, std::string_view name)
{
    std::string text;
    for (const Problem& problem : problems) {
        if (problem.severity != Severity::Error)
            continue;
        if (!text.empty())
            text += '\n';
        if (!name.empty())
            text += std::string(name) + ": ";
        text += toString(problem);
    }
    return failure(ErrorCode::InvalidArgument, std::move(text));
}

} // namespace

Result<void> loadYaml(
    std::string_view text, google::protobuf::Message& message, std::string_view name)
{
    const ParsedStream stream = parseStream(text);
    if (hasErrors(stream.problems))
        return refuse(stream.problems, name);
    if (stream.documents.size() != 1) {
        const std::string found = stream.documents.empty() ? "is empty" : "holds several documents";
        return failure(ErrorCode::InvalidArgument,
            (name.empty() ? std::string("the text") : std::string(name)) + " " + found
                + ": exactly one belongs here");
    }
    const Problems problems = readMessage(stream.documents.front().root, message);
    if (hasErrors(problems))
        return refuse(problems, name);
    return {};
}

std::string toYaml(const google::protobuf::Message& message)
{
    return printBlock(toNode(message)) + "\n";
}

} // namespace meshyard::document
