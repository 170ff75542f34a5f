// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/form.h"

#include "embedded-mesh/config/form_notes.h"
#include "embedded-mesh/config/kinds.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

namespace meshyard::config {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

constexpr int kMaxDepth = 12; // deeper than any kind; a recursive one would end here

bool isWrapper(const Descriptor& type)
{
    return type.file()->name() == "google/protobuf/wrappers.proto";
}

FormType scalarType(const FieldDescriptor& field)
{
    switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
    case FieldDescriptor::CPPTYPE_INT64:
    case FieldDescriptor::CPPTYPE_UINT32:
    case FieldDescriptor::CPPTYPE_UINT64:
        return FormType::Integer;
    case FieldDescriptor::CPPTYPE_DOUBLE:
    case FieldDescriptor::CPPTYPE_FLOAT:
        return FormType::Number;
    case FieldDescriptor::CPPTYPE_BOOL:
        return FormType::Boolean;
    case FieldDescriptor::CPPTYPE_ENUM:
        return FormType::Choice;
    default:
        return FormType::Text;
    }
}

FormType typeOf(const FieldDescriptor& field)
{
    if (field.is_map())
        return FormType::Map;
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
        return scalarType(field);
    const Descriptor& type = *field.message_type();
    if (isWrapper(type))
        return scalarType(*type.FindFieldByNumber(1));
    return type.full_name() == "google.protobuf.Duration" ? FormType::Duration : FormType::Group;
}

void addChoices(FormField& form, const FieldDescriptor& field)
{
    if (form.type != FormType::Choice)
        return;
    for (int i = 0; i < field.enum_type()->value_count(); ++i) {
        const std::string& name = field.enum_type()->value(i)->name();
        if (name != "UNSPECIFIED")
            form.choices.push_back(name);
    }
    const std::string& first = field.enum_type()->value(0)->name();
    if (form.defaultValue.empty() && first != "UNSPECIFIED" && !field.is_repeated())
        form.defaultValue = first;
}

std::vector<FormField> fieldsOf(const Descriptor& type, const std::string& path, int depth)
{
    std::vector<FormField> fields;
    for (int i = 0; i < type.field_count() && depth < kMaxDepth; ++i) {
        const FieldDescriptor& field = *type.field(i);
        FormField form;
        form.name = field.json_name();
        form.path = path + "." + form.name;
        form.list = field.is_repeated() && !field.is_map();
        form.type = typeOf(field);
        applyNote(type.name(), form);
        addChoices(form, field);
        if (const auto* group = field.real_containing_oneof())
            form.exclusive = group->name();
        if (form.type == FormType::Group)
            form.fields
                = fieldsOf(*field.message_type(), form.path + (form.list ? "[]" : ""), depth + 1);
        fields.push_back(std::move(form));
    }
    return fields;
}

} // namespace

std::vector<FormField> formFields(std::string_view kind)
{
    const KindInfo* info = findKind(kind);
    return info ? fieldsOf(*info->prototype->GetDescriptor(), "spec", 0) : std::vector<FormField>();
}

FormField formField(std::string_view kind, std::string_view path)
{
    std::vector<FormField> level = formFields(kind);
    while (!level.empty()) {
        std::vector<FormField> next;
        for (FormField& field : level) {
            if (field.path == path)
                return std::move(field);
            if (path.starts_with(field.path + ".") || path.starts_with(field.path + "[]."))
                next = std::move(field.fields);
        }
        level = std::move(next);
    }
    return {};
}

} // namespace meshyard::config
