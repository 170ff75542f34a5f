// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/document/message_reader.h"

#include <google/protobuf/message.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace meshyard::document {

/// One walk over one tree. Internal to the room: see message_reader.h.
class FieldReader final
{
public:
    using Message = google::protobuf::Message;
    using Field = google::protobuf::FieldDescriptor;

    explicit FieldReader(const ReadOptions& options);

    void readMessage(const Node& node, Message& message);
    Problems takeProblems() { return std::move(m_problems); }

private:
    void readEntry(
        const Node& key, const Node& value, Message& message, std::vector<const Field*>& seen);
    void readField(const Node& node, Message& message, const Field& field);
    void readRepeated(const Node& node, Message& message, const Field& field);
    void readMap(const Node& node, Message& message, const Field& field);
    void readScalar(const Node& node, Message& message, const Field& field);
    void readEnum(const Node& node, Message& message, const Field& field);
    void unknownField(const Node& key, const Message& message);
    const Field* checkOneof(
        const Node& key, const Field& field, const std::vector<const Field*>& seen);

    /// Types with a JSON form of their own. @return false = an ordinary message.
    bool readWellKnown(const Node& node, Message& message);
    void readDuration(const Node& node, Message& message);
    void readTimestamp(const Node& node, Message& message);
    void readStruct(const Node& node, Message& message);
    void readValue(const Node& node, Message& message);
    void readList(const Node& node, Message& message);
    void readAny(const Node& node, Message& message);

    std::optional<std::int64_t> signedNumber(const Node& node, std::int64_t low, std::int64_t high);
    std::optional<std::uint64_t> unsignedNumber(const Node& node, std::uint64_t high);
    std::optional<double> realNumber(const Node& node);
    std::optional<bool> boolean(const Node& node);
    std::optional<std::string> text(const Node& node);
    std::optional<std::string> bytes(const Node& node);
    bool wantScalar(const Node& node, std::string_view what);

    void report(
        ProblemKind kind, const Node& at, std::string message, Severity severity = Severity::Error);

    const ReadOptions& m_options;
    std::string m_path;
    Problems m_problems;
    int m_depth = 0;
};

/// Standard or URL base64, padding optional; nullopt = not base64.
std::optional<std::string> decodeBase64(std::string_view text);
std::string encodeBase64(std::string_view bytes);

} // namespace meshyard::document
