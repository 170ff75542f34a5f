// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace google::protobuf {
class Descriptor;
class Message;
} // namespace google::protobuf

namespace meshyard::config {

/// A kind of document: its names and what it is for.
struct KindInfo
{
    std::string name; ///< "VirtualService"
    std::string plural; ///< "virtualservices"
    std::vector<std::string> shortForms; ///< "vs"
    std::vector<std::string> apiVersions; ///< the first is the one we write
    std::string purpose; ///< one sentence
    const google::protobuf::Message* prototype = nullptr; ///< empty spec; never null
};

/// Every kind, in the order they are listed to people.
std::span<const KindInfo> kinds();

/// By any of its names, any case: "VirtualService", "virtualservices", "vs".
/// @return nullptr = no such kind.
const KindInfo* findKind(std::string_view name);

/// True for fields that Istio has and Meshyard does not support yet.
bool isUnsupportedField(const google::protobuf::Descriptor& message, std::string_view field);

} // namespace meshyard::config
