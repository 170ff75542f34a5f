// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/document/node.h"

namespace google::protobuf {
class Message;
} // namespace google::protobuf

namespace meshyard::document {

/// The opposite of readMessage: set fields in the order of the descriptor, JSON names, Go
/// durations, map keys sorted. Without deterministic surprises: equal messages give equal trees.
Node toNode(const google::protobuf::Message& message);

} // namespace meshyard::document
