// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/grpc/stock_messages.h"

#include <optional>

namespace meshyard::workloads {

namespace {

enum class WireType : std::uint8_t { Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5 };

void putVarint(std::string& out, std::uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
}

void putTag(std::string& out, std::uint32_t field, WireType type)
{
    putVarint(out, std::uint64_t{field} << 3 | static_cast<std::uint8_t>(type));
}

void putText(std::string& out, std::uint32_t field, std::string_view text)
{
    if (text.empty())
        return; // proto3: what has its default is not written
    putTag(out, field, WireType::Bytes);
    putVarint(out, text.size());
    out.append(text);
}

std::optional<std::uint64_t> takeVarint(std::string_view& bytes)
{
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        value |= std::uint64_t{byte & 0x7fU} << shift;
        if (byte < 0x80)
            return value;
    }
    return std::nullopt;
}

std::optional<std::string_view> takeBytes(std::string_view& bytes, std::uint64_t size)
{
    if (size > bytes.size())
        return std::nullopt;
    const std::string_view taken = bytes.substr(0, static_cast<std::size_t>(size));
    bytes.remove_prefix(taken.size());
    return taken;
}

struct WireField
{
    std::uint64_t number = 0;
    WireType type = WireType::Varint;
    std::uint64_t value = 0; // of Varint
    std::string_view bytes; // of Bytes
};

/// @return nullopt for what is malformed.
std::optional<WireField> takeField(std::string_view& bytes)
{
    const auto tag = takeVarint(bytes);
    if (!tag || *tag >> 3 == 0)
        return std::nullopt;
    WireField field{*tag >> 3, static_cast<WireType>(*tag & 7), 0, {}};
    std::optional<std::uint64_t> size;
    switch (field.type) {
    case WireType::Varint:
        size = takeVarint(bytes);
        field.value = size.value_or(0);
        return size ? std::optional(field) : std::nullopt;
    case WireType::Fixed64:
        size = 8;
        break;
    case WireType::Fixed32:
        size = 4;
        break;
    case WireType::Bytes:
        size = takeVarint(bytes);
        break;
    }
    const auto taken = size ? takeBytes(bytes, *size) : std::nullopt;
    field.bytes = taken.value_or("");
    return taken ? std::optional(field) : std::nullopt;
}

/// @param take called for each field.
template <typename Take> Result<void> forEachField(std::string_view bytes, Take take)
{
    while (!bytes.empty()) {
        const auto field = takeField(bytes);
        if (!field)
            return failure(ErrorCode::InvalidArgument, "not a protobuf message");
        take(*field);
    }
    return {};
}

bool isText(const WireField& field, std::uint64_t number)
{
    return field.number == number && field.type == WireType::Bytes;
}

} // namespace

std::string CountRequest::encode() const
{
    std::string out;
    putText(out, 1, item);
    return out;
}

Result<CountRequest> CountRequest::decode(std::string_view bytes)
{
    CountRequest request;
    return forEachField(bytes, [&request](const WireField& field) {
        if (isText(field, 1))
            request.item = field.bytes;
    }).map([&request] { return request; });
}

std::string CountReply::encode() const
{
    std::string out;
    putText(out, 1, item);
    if (copies != 0) {
        putTag(out, 2, WireType::Varint);
        putVarint(out, copies);
    }
    putText(out, 3, version);
    putText(out, 4, instance);
    return out;
}

Result<CountReply> CountReply::decode(std::string_view bytes)
{
    CountReply reply;
    return forEachField(bytes, [&reply](const WireField& field) {
        if (isText(field, 1))
            reply.item = field.bytes;
        else if (field.number == 2 && field.type == WireType::Varint)
            reply.copies = static_cast<std::uint32_t>(field.value);
        else if (isText(field, 3))
            reply.version = field.bytes;
        else if (isText(field, 4))
            reply.instance = field.bytes;
    }).map([&reply] { return reply; });
}

} // namespace meshyard::workloads
