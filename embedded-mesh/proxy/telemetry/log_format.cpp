// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/log_format.h"

#include "embedded-mesh/proxy/telemetry/json_text.h"

#include <google/protobuf/struct.pb.h>

#include <map>

namespace meshyard::proxy {

namespace {

constexpr std::string_view kStandard
    = "[%START_TIME%] \"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%\" "
      "%RESPONSE_CODE% %RESPONSE_FLAGS% %BYTES_RECEIVED% %BYTES_SENT% %DURATION% "
      "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% \"%REQ(X-FORWARDED-FOR)%\" \"%REQ(USER-AGENT)%\" "
      "\"%REQ(X-REQUEST-ID)%\" \"%REQ(:AUTHORITY)%\" \"%UPSTREAM_HOST%\"\n";

/// Values come from outside: no control byte may end a line or drive a terminal, no quote may
/// close a field.
void escapeFrom(std::size_t begin, std::string& out)
{
    const auto isPlain = [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte >= 0x20 && byte != 0x7f && c != '"' && c != '\\';
    };
    std::size_t at = begin;
    while (at < out.size() && isPlain(out[at]))
        ++at;
    if (at == out.size())
        return;
    const std::string raw = out.substr(at);
    out.resize(at);
    for (const char c : raw) {
        if (isPlain(c))
            out += c;
        else if (c == '"' || c == '\\')
            (out += '\\') += c;
        else
            out += fmt::format("\\x{:02x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    }
}

} // namespace

LogFormat LogFormat::standard(CapturePlan& plan)
{
    return *text(kStandard, false, plan);
}

Result<LogFormat> LogFormat::text(std::string_view format, bool omitEmpty, CapturePlan& plan)
{
    LogFormat made;
    made.m_omitEmpty = omitEmpty;
    auto commands = compileLogCommands(format, plan);
    if (!commands)
        return tl::unexpected(commands.error());
    made.m_commands = std::move(*commands);
    return made;
}

Result<LogFormat> LogFormat::json(
    const google::protobuf::Struct& format, bool omitEmpty, CapturePlan& plan)
{
    LogFormat made;
    made.m_omitEmpty = omitEmpty;
    made.m_isJson = true;
    auto root = compileObject(format, plan);
    if (!root)
        return tl::unexpected(root.error());
    made.m_root = std::move(*root);
    return made;
}

Result<LogFormat::Node> LogFormat::compileObject(
    const google::protobuf::Struct& object, CapturePlan& plan)
{
    Node node;
    node.kind = Node::Kind::Object;
    // Sorted, so that the same configuration writes the same lines everywhere.
    const std::map<std::string, google::protobuf::Value> fields(
        object.fields().begin(), object.fields().end());
    for (const auto& [key, value] : fields) {
        auto child = compileNode(value, plan);
        if (!child)
            return child;
        child->key = jsonQuoted(key) + ":";
        node.children.push_back(std::move(*child));
    }
    return node;
}

Result<LogFormat::Node> LogFormat::compileNode(
    const google::protobuf::Value& value, CapturePlan& plan)
{
    using Value = google::protobuf::Value;
    Node node;
    switch (value.kind_case()) {
    case Value::kStructValue:
        return compileObject(value.struct_value(), plan);
    case Value::kListValue:
        node.kind = Node::Kind::List;
        for (const Value& entry : value.list_value().values()) {
            auto child = compileNode(entry, plan);
            if (!child)
                return child;
            node.children.push_back(std::move(*child));
        }
        return node;
    case Value::kStringValue: {
        auto commands = compileLogCommands(value.string_value(), plan);
        if (!commands)
            return tl::unexpected(commands.error());
        node.commands = std::move(*commands);
        return node;
    }
    case Value::kNumberValue:
        node.kind = Node::Kind::Literal;
        node.literal = fmt::format("{}", value.number_value());
        return node;
    case Value::kBoolValue:
        node.kind = Node::Kind::Literal;
        node.literal = value.bool_value() ? "true" : "false";
        return node;
    default:
        node.kind = Node::Kind::Literal;
        node.literal = "null";
        return node;
    }
}

bool LogFormat::appendValue(const Node& node, const LogEntry& entry, std::string& out) const
{
    if (node.commands.size() == 1 && node.commands[0].kind != LogCommand::Kind::Text) {
        const LogCommand& command = node.commands[0];
        std::string value;
        if (!command.append(entry, value)) {
            if (m_omitEmpty)
                return false;
            out.append("null");
        } else {
            out.append(command.isNumber() ? value : jsonQuoted(value));
        }
        return true;
    }
    std::string value;
    for (const LogCommand& command : node.commands) {
        if (!command.append(entry, value) && !m_omitEmpty
            && command.kind != LogCommand::Kind::Text)
            value += '-';
    }
    out.append(jsonQuoted(value));
    return true;
}

bool LogFormat::appendNode(const Node& node, const LogEntry& entry, std::string& out) const
{
    switch (node.kind) {
    case Node::Kind::Literal:
        out.append(node.literal);
        return true;
    case Node::Kind::Value:
        return appendValue(node, entry, out);
    default:
        break;
    }
    const bool object = node.kind == Node::Kind::Object;
    out += object ? '{' : '[';
    bool first = true;
    for (const Node& child : node.children) {
        const std::size_t begin = out.size();
        if (!first)
            out += ',';
        out.append(child.key);
        if (appendNode(child, entry, out))
            first = false;
        else
            out.resize(begin);
    }
    out += object ? '}' : ']';
    return true;
}

void LogFormat::append(const LogEntry& entry, std::string& out) const
{
    if (m_isJson) {
        appendNode(m_root, entry, out);
        out += '\n';
        return;
    }
    for (const LogCommand& command : m_commands) {
        if (command.kind == LogCommand::Kind::Text) {
            out.append(command.text);
            continue;
        }
        const std::size_t begin = out.size();
        if (command.append(entry, out))
            escapeFrom(begin, out);
        else if (!m_omitEmpty)
            out += '-';
    }
}

} // namespace meshyard::proxy
