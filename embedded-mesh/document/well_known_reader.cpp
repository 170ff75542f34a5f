// SPDX-License-Identifier: GPL-3.0-or-later
// The types of google.protobuf that have a JSON form of their own.
#include "embedded-mesh/document/field_reader.h"

#include "embedded-mesh/document/field_path.h"
#include "embedded-mesh/document/go_duration.h"
#include "embedded-mesh/document/suggestion.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>
#include <google/protobuf/wrappers.pb.h>

#include <array>
#include <charconv>
#include <memory>

namespace meshyard::document {
namespace {

namespace pb = google::protobuf;

bool isWrapper(const pb::Descriptor& type)
{
    return type.file()->name() == "google/protobuf/wrappers.proto";
}

bool isDuration(const std::string& name)
{
    return name == "google.protobuf.Duration";
}

bool hasOwnJsonForm(const pb::Descriptor& type)
{
    static const std::array<std::string_view, 6> kNames
        = {"google.protobuf.Duration", "google.protobuf.Timestamp", "google.protobuf.Struct",
            "google.protobuf.Value", "google.protobuf.ListValue", "google.protobuf.Any"};
    return isWrapper(type)
        || std::ranges::find(kNames, std::string_view(type.full_name())) != kNames.end();
}

// A plain scalar of YAML's core schema as a JSON value; anything quoted is a string.
void setPlain(const Node& node, pb::Value& value)
{
    double number = 0;
    const char* const end = node.text.data() + node.text.size();
    const auto [stop, error] = std::from_chars(node.text.data(), end, number);
    if (node.style != Node::Style::Plain)
        value.set_string_value(node.text);
    else if (node.text == "true" || node.text == "false")
        value.set_bool_value(node.text == "true");
    else if (!node.text.empty() && error == std::errc() && stop == end)
        value.set_number_value(number);
    else
        value.set_string_value(node.text);
}

// The reflection API hands out base classes; these messages are always the generated ones here.
template <typename T> T* generated(pb::Message& message)
{
    return dynamic_cast<T*>(&message);
}

} // namespace

bool FieldReader::readWellKnown(const Node& node, Message& message)
{
    const pb::Descriptor& type = *message.GetDescriptor();
    if (!hasOwnJsonForm(type))
        return false;
    const std::string& name = type.full_name();
    if (isWrapper(type))
        readScalar(node, message, *type.FindFieldByNumber(1));
    else if (isDuration(name))
        readDuration(node, message);
    else if (name == "google.protobuf.Timestamp")
        readTimestamp(node, message);
    else if (name == "google.protobuf.Struct")
        readStruct(node, message);
    else if (name == "google.protobuf.Value")
        readValue(node, message);
    else if (name == "google.protobuf.ListValue")
        readList(node, message);
    else
        readAny(node, message);
    return true;
}

void FieldReader::readDuration(const Node& node, Message& message)
{
    auto* duration = generated<pb::Duration>(message);
    if (!duration || !wantScalar(node, "a duration such as 5s"))
        return;
    const auto value = parseGoDuration(node.text);
    if (!value) {
        const bool bare
            = !node.text.empty() && node.text.find_first_not_of("0123456789.") == std::string::npos;
        report(ProblemKind::BadDuration, node,
            quoted(node.text) + " is not a duration"
                + (bare ? ": add a unit, as in \"" + node.text + "s\""
                        : ": write for example 500ms, 5s or 1m30s"));
        return;
    }
    duration->set_seconds(value->count() / 1'000'000'000);
    duration->set_nanos(static_cast<std::int32_t>(value->count() % 1'000'000'000));
}

void FieldReader::readTimestamp(const Node& node, Message& message)
{
    auto* timestamp = generated<pb::Timestamp>(message);
    if (!timestamp || !wantScalar(node, "a time"))
        return;
    if (!pb::util::TimeUtil::FromString(node.text, timestamp)) {
        report(ProblemKind::WrongType, node,
            quoted(node.text) + " is not a time: write for example 2026-01-31T08:00:00Z");
    }
}

void FieldReader::readStruct(const Node& node, Message& message)
{
    auto* target = generated<pb::Struct>(message);
    if (!node.isMap() || !target) {
        report(ProblemKind::WrongType, node, "a mapping belongs here");
        return;
    }
    const std::size_t length = m_path.size();
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        appendKey(m_path, node.keys[i].text);
        readValue(node.items[i], (*target->mutable_fields())[node.keys[i].text]);
        m_path.resize(length);
    }
}

void FieldReader::readValue(const Node& node, Message& message)
{
    auto* value = generated<pb::Value>(message);
    if (!value)
        return;
    switch (node.kind) {
    case Node::Kind::Null:
        value->set_null_value(pb::NULL_VALUE);
        break;
    case Node::Kind::Scalar:
        setPlain(node, *value);
        break;
    case Node::Kind::Map:
        readStruct(node, *value->mutable_struct_value());
        break;
    case Node::Kind::Sequence:
        readList(node, *value->mutable_list_value());
        break;
    }
}

void FieldReader::readList(const Node& node, Message& message)
{
    auto* list = generated<pb::ListValue>(message);
    if (!node.isSequence() || !list) {
        report(ProblemKind::WrongType, node, "a list belongs here");
        return;
    }
    const std::size_t length = m_path.size();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        m_path += "[" + std::to_string(i) + "]";
        readValue(node.items[i], *list->add_values());
        m_path.resize(length);
    }
}

void FieldReader::readAny(const Node& node, Message& message)
{
    auto* any = generated<pb::Any>(message);
    const Node* url = node.find("@type");
    if (!any || !url || !url->isScalar()) {
        report(ProblemKind::UnknownType, node,
            "\"@type\" is missing: name the type, as in type.googleapis.com/package.Message");
        return;
    }
    const std::string name = url->text.substr(url->text.rfind('/') + 1);
    const auto* type = pb::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
    const auto* prototype
        = type ? pb::MessageFactory::generated_factory()->GetPrototype(type) : nullptr;
    if (!prototype) {
        report(
            ProblemKind::UnknownType, *url, "the type " + quoted(name) + " is not supported here");
        return;
    }
    const std::unique_ptr<Message> inner(prototype->New());
    if (hasOwnJsonForm(*type)) {
        if (const Node* value = node.find("value"))
            readMessage(*value, *inner);
    } else {
        Node fields = node;
        fields.erase("@type");
        readMessage(fields, *inner);
    }
    any->set_type_url("type.googleapis.com/" + name);
    any->set_value(inner->SerializeAsString());
}

} // namespace meshyard::document
