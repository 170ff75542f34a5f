// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/field_reader.h"

#include "embedded-mesh/document/field_path.h"
#include "embedded-mesh/document/suggestion.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <limits>

namespace meshyard::document {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;

constexpr int kMaxDepth = 100;

const FieldDescriptor* findField(const Descriptor& type, const std::string& key)
{
    if (const auto* field = type.FindFieldByCamelcaseName(key))
        return field;
    if (const auto* field = type.FindFieldByName(key))
        return field;
    for (int i = 0; i < type.field_count(); ++i) {
        if (type.field(i)->json_name() == key)
            return type.field(i);
    }
    return nullptr;
}

std::string joined(const std::vector<std::string>& names)
{
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0)
            text += i + 1 == names.size() ? " or " : ", ";
        text += names[i];
    }
    return text;
}

std::vector<std::string> valueNames(const EnumDescriptor& type)
{
    std::vector<std::string> names;
    for (int i = 0; i < type.value_count(); ++i)
        names.push_back(type.value(i)->name());
    return names;
}

} // namespace

FieldReader::FieldReader(const ReadOptions& options)
    : m_options(options)
    , m_path(options.path)
{
}

void FieldReader::readMessage(const Node& node, Message& message)
{
    if (node.isNull() || readWellKnown(node, message))
        return;
    if (!node.isMap()) {
        report(ProblemKind::WrongType, node,
            "a mapping with fields belongs here, not "
                + std::string(node.isScalar() ? "a single value" : "a list"));
        return;
    }
    if (++m_depth > kMaxDepth) {
        report(ProblemKind::OutOfRange, node, "more than 100 levels deep");
    } else {
        std::vector<const Field*> seen;
        for (std::size_t i = 0; i < node.keys.size(); ++i)
            readEntry(node.keys[i], node.items[i], message, seen);
    }
    --m_depth;
}

void FieldReader::readEntry(
    const Node& key, const Node& value, Message& message, std::vector<const Field*>& seen)
{
    const std::size_t length = m_path.size();
    appendKey(m_path, key.text);
    const Field* field = findField(*message.GetDescriptor(), key.text);
    if (!field) {
        unknownField(key, message);
    } else if (std::ranges::find(seen, field) != seen.end()) {
        report(ProblemKind::DuplicateKey, key,
            "this field is given twice, in two spellings: remove one of the two");
    } else if (value.isNull()) {
        seen.push_back(field); // proto3 JSON: null is "not set"
    } else {
        checkOneof(key, *field, seen);
        seen.push_back(field);
        readField(value, message, *field);
    }
    m_path.resize(length);
}

const FieldReader::Field* FieldReader::checkOneof(
    const Node& key, const Field& field, const std::vector<const Field*>& seen)
{
    const auto* group = field.real_containing_oneof();
    if (!group)
        return nullptr;
    for (const Field* other : seen) {
        if (other->real_containing_oneof() == group) {
            report(ProblemKind::OneofConflict, key,
                "\"" + other->json_name() + "\" and \"" + field.json_name()
                    + "\" exclude each other: keep one of them");
            return other;
        }
    }
    return nullptr;
}

void FieldReader::unknownField(const Node& key, const Message& message)
{
    const Descriptor& type = *message.GetDescriptor();
    if (m_options.isUnsupported && m_options.isUnsupported(type, key.text)) {
        report(ProblemKind::UnsupportedField, key,
            "Istio has " + quoted(key.text)
                + ", Meshyard does not support it yet: it is kept in "
                  "the text and has no effect",
            Severity::Warning);
        return;
    }
    std::vector<std::string> names;
    for (int i = 0; i < type.field_count(); ++i)
        names.push_back(type.field(i)->json_name());
    std::string cure = didYouMean(key.text, names);
    if (cure.empty() && names.size() <= 12)
        cure = "; it may have " + joined(names);
    report(ProblemKind::UnknownField, key,
        "there is no field " + quoted(key.text) + " in " + type.name() + cure);
}

void FieldReader::readField(const Node& node, Message& message, const Field& field)
{
    if (field.is_map())
        readMap(node, message, field);
    else if (field.is_repeated())
        readRepeated(node, message, field);
    else if (field.cpp_type() == Field::CPPTYPE_MESSAGE)
        readMessage(node, *message.GetReflection()->MutableMessage(&message, &field));
    else
        readScalar(node, message, field);
}

void FieldReader::readRepeated(const Node& node, Message& message, const Field& field)
{
    if (!node.isSequence()) {
        report(ProblemKind::WrongType, node, "a list belongs here: start each item with '- '");
        return;
    }
    const std::size_t length = m_path.size();
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        m_path += "[" + std::to_string(i) + "]";
        const Node& item = node.items[i];
        if (item.isNull() && field.cpp_type() != Field::CPPTYPE_MESSAGE)
            report(
                ProblemKind::WrongType, item, "this item is empty: give it a value or remove it");
        else if (field.cpp_type() == Field::CPPTYPE_MESSAGE)
            readMessage(item, *message.GetReflection()->AddMessage(&message, &field));
        else
            readScalar(item, message, field);
        m_path.resize(length);
    }
}

void FieldReader::readMap(const Node& node, Message& message, const Field& field)
{
    if (!node.isMap()) {
        report(ProblemKind::WrongType, node, "a mapping of names to values belongs here");
        return;
    }
    const Descriptor& entryType = *field.message_type();
    const std::size_t length = m_path.size();
    for (std::size_t i = 0; i < node.keys.size(); ++i) {
        appendKey(m_path, node.keys[i].text);
        Message& entry = *message.GetReflection()->AddMessage(&message, &field);
        readScalar(node.keys[i], entry, *entryType.map_key());
        const Field& value = *entryType.map_value();
        if (value.cpp_type() == Field::CPPTYPE_MESSAGE)
            readMessage(node.items[i], *entry.GetReflection()->MutableMessage(&entry, &value));
        else if (node.items[i].isNull() && value.cpp_type() != Field::CPPTYPE_STRING)
            report(ProblemKind::WrongType, node.items[i], "a value is missing here");
        else if (!node.items[i].isNull())
            readScalar(node.items[i], entry, value);
        m_path.resize(length);
    }
}

void FieldReader::readScalar(const Node& node, Message& message, const Field& field)
{
    const auto* reflection = message.GetReflection();
    const auto store = [&](const auto& value, auto set, auto add) {
        if (!value)
            return;
        if (field.is_repeated())
            (reflection->*add)(&message, &field, *value);
        else
            (reflection->*set)(&message, &field, *value);
    };
    using R = google::protobuf::Reflection;
    using I32 = std::numeric_limits<std::int32_t>;
    using I64 = std::numeric_limits<std::int64_t>;
    switch (field.cpp_type()) {
    case Field::CPPTYPE_INT32: {
        const auto n = signedNumber(node, I32::min(), I32::max());
        store(n ? std::optional(static_cast<std::int32_t>(*n)) : std::nullopt, &R::SetInt32,
            &R::AddInt32);
        break;
    }
    case Field::CPPTYPE_INT64:
        store(signedNumber(node, I64::min(), I64::max()), &R::SetInt64, &R::AddInt64);
        break;
    case Field::CPPTYPE_UINT32: {
        const auto n = unsignedNumber(node, std::numeric_limits<std::uint32_t>::max());
        store(n ? std::optional(static_cast<std::uint32_t>(*n)) : std::nullopt, &R::SetUInt32,
            &R::AddUInt32);
        break;
    }
    case Field::CPPTYPE_UINT64:
        store(unsignedNumber(node, std::numeric_limits<std::uint64_t>::max()), &R::SetUInt64,
            &R::AddUInt64);
        break;
    case Field::CPPTYPE_DOUBLE:
        store(realNumber(node), &R::SetDouble, &R::AddDouble);
        break;
    case Field::CPPTYPE_FLOAT: {
        const auto n = realNumber(node);
        store(n ? std::optional(static_cast<float>(*n)) : std::nullopt, &R::SetFloat, &R::AddFloat);
        break;
    }
    case Field::CPPTYPE_BOOL:
        store(boolean(node), &R::SetBool, &R::AddBool);
        break;
    case Field::CPPTYPE_STRING:
        store(field.type() == Field::TYPE_BYTES ? bytes(node) : text(node), &R::SetString,
            &R::AddString);
        break;
    case Field::CPPTYPE_ENUM:
        readEnum(node, message, field);
        break;
    case Field::CPPTYPE_MESSAGE:
        break;
    }
}

void FieldReader::readEnum(const Node& node, Message& message, const Field& field)
{
    if (!wantScalar(node, "one of the names"))
        return;
    const EnumDescriptor& type = *field.enum_type();
    const auto* value = type.FindValueByName(node.text);
    if (!value && !node.text.empty() && node.text.size() < 10
        && std::ranges::all_of(node.text, [](char c) { return c >= '0' && c <= '9'; }))
        value = type.FindValueByNumber(std::stoi(node.text));
    if (!value) {
        const auto names = valueNames(type);
        std::string cure = didYouMean(node.text, names);
        if (cure.empty())
            cure = "; it can be " + joined(names);
        report(ProblemKind::BadEnum, node,
            quoted(node.text) + " is not a value of \"" + field.json_name() + "\"" + cure);
        return;
    }
    if (field.is_repeated())
        message.GetReflection()->AddEnum(&message, &field, value);
    else
        message.GetReflection()->SetEnum(&message, &field, value);
}

void FieldReader::report(ProblemKind kind, const Node& at, std::string message, Severity severity)
{
    const std::size_t width = at.isScalar() && at.text.find('\n') == std::string::npos
        ? at.text.size() + (at.style == Node::Style::Quoted ? 2 : 0)
        : 1;
    m_problems.push_back({severity, kind, m_path, at.line, at.column,
        at.column + static_cast<std::uint32_t>(std::max<std::size_t>(width, 1)),
        std::move(message)});
}

Problems readMessage(
    const Node& node, google::protobuf::Message& message, const ReadOptions& options)
{
    FieldReader reader(options);
    reader.readMessage(node, message);
    return reader.takeProblems();
}

} // namespace meshyard::document
