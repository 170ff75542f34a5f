// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/message_writer.h"

#include "embedded-mesh/document/field_reader.h"
#include "embedded-mesh/document/go_duration.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <memory>

namespace meshyard::document {
namespace {

namespace pb = google::protobuf;
using Field = pb::FieldDescriptor;

Node real(double value)
{
    if (std::isnan(value))
        return Node::scalar(".nan");
    if (std::isinf(value))
        return Node::scalar(value > 0 ? ".inf" : "-.inf");
    std::array<char, 32> buffer{};
    const auto [end, error] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
    return Node::scalar(std::string(buffer.data(), end));
}

Node valueNode(const pb::Value& value);

Node structNode(const pb::Struct& fields)
{
    Node node = Node::map();
    std::vector<std::string> names;
    for (const auto& [name, value] : fields.fields())
        names.push_back(name);
    std::ranges::sort(names);
    for (const auto& name : names) {
        node.keys.push_back(Node::string(name));
        node.items.push_back(valueNode(fields.fields().at(name)));
    }
    return node;
}

Node valueNode(const pb::Value& value)
{
    switch (value.kind_case()) {
    case pb::Value::kNumberValue:
        return real(value.number_value());
    case pb::Value::kStringValue:
        return Node::string(value.string_value());
    case pb::Value::kBoolValue:
        return Node::scalar(value.bool_value() ? "true" : "false");
    case pb::Value::kStructValue:
        return structNode(value.struct_value());
    case pb::Value::kListValue: {
        Node list = Node::sequence();
        for (const auto& item : value.list_value().values())
            list.items.push_back(valueNode(item));
        return list;
    }
    default:
        return {};
    }
}

Node scalarNode(const pb::Message& message, const Field& field, int index)
{
    const auto& r = *message.GetReflection();
    const bool many = index >= 0;
    std::string scratch;
    switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32:
        return Node::number(
            many ? r.GetRepeatedInt32(message, &field, index) : r.GetInt32(message, &field));
    case Field::CPPTYPE_INT64:
        return Node::number(
            many ? r.GetRepeatedInt64(message, &field, index) : r.GetInt64(message, &field));
    case Field::CPPTYPE_UINT32:
        return Node::number(
            many ? r.GetRepeatedUInt32(message, &field, index) : r.GetUInt32(message, &field));
    case Field::CPPTYPE_UINT64:
        return Node::scalar(std::to_string(
            many ? r.GetRepeatedUInt64(message, &field, index) : r.GetUInt64(message, &field)));
    case Field::CPPTYPE_DOUBLE:
        return real(
            many ? r.GetRepeatedDouble(message, &field, index) : r.GetDouble(message, &field));
    case Field::CPPTYPE_FLOAT:
        return real(static_cast<double>(
            many ? r.GetRepeatedFloat(message, &field, index) : r.GetFloat(message, &field)));
    case Field::CPPTYPE_BOOL:
        return Node::scalar(
            (many ? r.GetRepeatedBool(message, &field, index) : r.GetBool(message, &field))
                ? "true"
                : "false");
    case Field::CPPTYPE_ENUM:
        return Node::scalar(
            (many ? r.GetRepeatedEnum(message, &field, index) : r.GetEnum(message, &field))
                ->name());
    case Field::CPPTYPE_STRING: {
        const std::string& text = many
            ? r.GetRepeatedStringReference(message, &field, index, &scratch)
            : r.GetStringReference(message, &field, &scratch);
        return Node::string(field.type() == Field::TYPE_BYTES ? encodeBase64(text) : text);
    }
    case Field::CPPTYPE_MESSAGE:
        return toNode(
            many ? r.GetRepeatedMessage(message, &field, index) : r.GetMessage(message, &field));
    }
    return {};
}

Node mapNode(const pb::Message& message, const Field& field)
{
    const auto& r = *message.GetReflection();
    std::vector<std::pair<Node, Node>> entries;
    for (int i = 0; i < r.FieldSize(message, &field); ++i) {
        const auto& entry = r.GetRepeatedMessage(message, &field, i);
        entries.emplace_back(scalarNode(entry, *field.message_type()->map_key(), -1),
            scalarNode(entry, *field.message_type()->map_value(), -1));
    }
    std::ranges::sort(
        entries, {}, [](const auto& entry) -> const std::string& { return entry.first.text; });
    Node node = Node::map();
    for (auto& [key, value] : entries) {
        node.keys.push_back(std::move(key));
        node.items.push_back(std::move(value));
    }
    return node;
}

Node fieldNode(const pb::Message& message, const Field& field)
{
    if (field.is_map())
        return mapNode(message, field);
    if (!field.is_repeated())
        return scalarNode(message, field, -1);
    Node list = Node::sequence();
    for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i)
        list.items.push_back(scalarNode(message, field, i));
    return list;
}

Node anyNode(const pb::Any& any)
{
    const std::string name = any.type_url().substr(any.type_url().rfind('/') + 1);
    const auto* type = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
    const auto* prototype
        = type ? pb::MessageFactory::generated_factory()->GetPrototype(type) : nullptr;
    Node node = Node::map({{"@type", Node::scalar(any.type_url())}});
    const std::unique_ptr<pb::Message> inner(prototype ? prototype->New() : nullptr);
    if (!inner || !inner->ParseFromString(any.value())) {
        node.set("value", Node::string(encodeBase64(any.value())));
        return node;
    }
    Node fields = toNode(*inner);
    if (!fields.isMap() || name.starts_with("google.protobuf.")) {
        node.set("value", std::move(fields));
        return node;
    }
    for (std::size_t i = 0; i < fields.keys.size(); ++i) {
        node.keys.push_back(std::move(fields.keys[i]));
        node.items.push_back(std::move(fields.items[i]));
    }
    return node;
}

bool wellKnownNode(const pb::Message& message, Node& node)
{
    const pb::Descriptor& type = *message.GetDescriptor();
    if (const auto* duration = dynamic_cast<const pb::Duration*>(&message)) {
        node = Node::scalar(toGoDuration(std::chrono::seconds(duration->seconds())
            + std::chrono::nanoseconds(duration->nanos())));
    } else if (const auto* time = dynamic_cast<const pb::Timestamp*>(&message)) {
        node = Node::string(pb::util::TimeUtil::ToString(*time));
    } else if (const auto* fields = dynamic_cast<const pb::Struct*>(&message)) {
        node = structNode(*fields);
    } else if (const auto* value = dynamic_cast<const pb::Value*>(&message)) {
        node = valueNode(*value);
    } else if (const auto* any = dynamic_cast<const pb::Any*>(&message)) {
        node = anyNode(*any);
    } else if (type.file()->name() == "google/protobuf/wrappers.proto") {
        node = scalarNode(message, *type.FindFieldByNumber(1), -1);
    } else {
        return false;
    }
    return true;
}

} // namespace

Node toNode(const google::protobuf::Message& message)
{
    Node node = Node::map();
    if (wellKnownNode(message, node))
        return node;
    std::vector<const Field*> fields;
    message.GetReflection()->ListFields(message, &fields);
    std::ranges::sort(fields, {}, [](const Field* field) { return field->index(); });
    for (const Field* field : fields)
        node.set(field->json_name(), fieldNode(message, *field));
    return node;
}

} // namespace meshyard::document
