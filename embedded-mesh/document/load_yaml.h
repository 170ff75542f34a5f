// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <string>
#include <string_view>

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace meshyard::document {

/// Fills a message from a text that holds exactly one YAML or JSON document, such as a bootstrap.
/// Field names may be in camelCase or snake_case; unknown fields are errors; a google.protobuf.Any
/// takes every type linked into the program.
/// @param name of the file, put before each problem.
/// @return InvalidArgument with all problems, one a line; the message is then unspecified.
Result<void> loadYaml(
    std::string_view text, google::protobuf::Message& message, std::string_view name = {});

/// The message as a YAML document in the order of its descriptor, with JSON (camelCase) names.
std::string toYaml(const google::protobuf::Message& message);

} // namespace meshyard::document
