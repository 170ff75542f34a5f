// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/document/node.h"
#include "embedded-mesh/document/problem.h"

#include <functional>
#include <string>
#include <string_view>

namespace google::protobuf {
class Descriptor;
class Message;
} // namespace google::protobuf

namespace meshyard::document {

struct ReadOptions
{
    /// True for a field that the real API has and we don't yet: a warning instead of an error.
    std::function<bool(const google::protobuf::Descriptor&, std::string_view field)> isUnsupported;
    std::string path; ///< of the node, for messages: "spec"
};

/// Fills a message from a tree by its descriptor: proto3 JSON rules, and besides Go durations,
/// numbers and booleans where a string is wanted, names in snake_case. Reads on after an error, so
/// that one pass tells everything; the message then holds what could be read.
Problems readMessage(
    const Node& node, google::protobuf::Message& message, const ReadOptions& options = {});

} // namespace meshyard::document
