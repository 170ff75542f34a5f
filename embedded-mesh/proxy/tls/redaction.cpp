// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/tls/redaction.h"

#include "envoy/extensions/transport_sockets/tls/v3/common.pb.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>

#include <memory>
#include <vector>

namespace meshyard::proxy {

namespace {

using google::protobuf::Any;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using envoy::extensions::transport_sockets::tls::v3::TlsCertificate;

/// Names of files and variables are no secret.
void hide(envoy::config::core::v3::DataSource& source)
{
    if (source.has_inline_bytes() || source.has_inline_string())
        source.set_inline_string("[redacted]");
}

void redactAny(Any& any)
{
    const std::string name = any.type_url().substr(any.type_url().rfind('/') + 1);
    const auto* const type
        = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(name);
    if (type == nullptr)
        return;
    const std::unique_ptr<Message> content(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
    if (!content->ParseFromString(any.value()))
        return;
    redactSecrets(*content);
    any.set_value(content->SerializeAsString());
}

} // namespace

void redactSecrets(Message& message)
{
    if (auto* const any = dynamic_cast<Any*>(&message))
        return redactAny(*any);
    if (auto* const certificate = dynamic_cast<TlsCertificate*>(&message)) {
        if (certificate->has_private_key())
            hide(*certificate->mutable_private_key());
        if (certificate->has_password())
            hide(*certificate->mutable_password());
    }
    const auto* const reflection = message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
        if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
            continue;
        if (!field->is_repeated()) {
            redactSecrets(*reflection->MutableMessage(&message, field));
            continue;
        }
        for (int i = 0; i < reflection->FieldSize(message, field); ++i)
            redactSecrets(*reflection->MutableRepeatedMessage(&message, field, i));
    }
}

} // namespace meshyard::proxy
