// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <google/protobuf/any.pb.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace meshyard::control_plane {

/// Resource types served, in the order in which a change is pushed (make before break).
enum class XdsType : std::uint8_t {
    Cluster,
    Endpoints,
    Listener,
    Route,
    Runtime,
    Override,
};
inline constexpr std::size_t kXdsTypes = 6;
inline constexpr std::array<XdsType, kXdsTypes> kAllXdsTypes{XdsType::Cluster, XdsType::Endpoints,
    XdsType::Listener, XdsType::Route, XdsType::Runtime, XdsType::Override};

std::string_view typeUrl(XdsType type);
/// "CDS", "EDS", … for logs and tables.
std::string_view shortName(XdsType type);
std::optional<XdsType> xdsTypeOf(std::string_view url);

/// One named resource, packed once; `version` is a hash of its content.
struct XdsResource
{
    std::string name;
    std::string version;
    google::protobuf::Any body;
    std::int64_t deadlineUnixMs = 0; ///< overrides: sent with the remaining time; 0 = none
};
using XdsResourcePtr = std::shared_ptr<const XdsResource>;

/// Packs with sorted maps, so that equal messages have equal bytes.
google::protobuf::Any packDeterministically(const google::protobuf::Message& message);

/// version_info of a set: a hash over names and resource versions, the same in every process.
std::string contentVersion(const std::map<std::string, std::string>& versionsByName);

/// @return the resource with a content version.
XdsResourcePtr makeResource(std::string name, const google::protobuf::Message& message);

/// All resources of one type for one node, shared between nodes where equal.
struct ResourceSet
{
    std::map<std::string, XdsResourcePtr, std::less<>> resources;
    std::string version; ///< hash over names and versions

    void add(XdsResourcePtr resource) { resources[resource->name] = std::move(resource); }
    /// Computes the version; call once after the last add().
    void seal();
    const XdsResource* find(std::string_view name) const;
};
using ResourceSetPtr = std::shared_ptr<const ResourceSet>;

/// What one node shall hold: per type a set, never null.
struct NodeSnapshot
{
    NodeSnapshot();

    const ResourceSet& of(XdsType type) const { return *sets[static_cast<std::size_t>(type)]; }
    ResourceSetPtr& set(XdsType type) { return sets[static_cast<std::size_t>(type)]; }

    std::array<ResourceSetPtr, kXdsTypes> sets;
    std::uint64_t revision = 0; ///< of the configuration it was made from
};

} // namespace meshyard::control_plane
