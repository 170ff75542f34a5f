// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/snapshot.h"

#include <fmt/format.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

namespace meshyard::control_plane {

namespace {

constexpr std::array<std::string_view, kXdsTypes> kTypeUrls{
    "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    "type.googleapis.com/envoy.config.listener.v3.Listener",
    "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
    "type.googleapis.com/envoy.service.runtime.v3.Runtime",
    "type.googleapis.com/meshyard.v1.EdgeOverride",
};
constexpr std::array<std::string_view, kXdsTypes> kShortNames{
    "CDS", "EDS", "LDS", "RDS", "RTDS", "overrides"};

constexpr std::uint64_t kFnvOffset = 0xcbf29ce484222325ULL;

// FNV-1a; the same on every host and in every run, unlike std::hash.
std::uint64_t hashBytes(std::string_view bytes, std::uint64_t seed)
{
    std::uint64_t hash = seed;
    for (const char c : bytes) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3ULL;
    }
    return hash;
}

// Maps (metadata, labels) serialise in hash order unless asked otherwise.
std::string serialiseDeterministically(const google::protobuf::Message& message)
{
    std::string bytes;
    bytes.reserve(message.ByteSizeLong());
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    message.SerializeWithCachedSizes(&coded);
    coded.Trim();
    return bytes;
}

} // namespace

std::string_view typeUrl(XdsType type)
{
    return kTypeUrls[static_cast<std::size_t>(type)];
}

std::string_view shortName(XdsType type)
{
    return kShortNames[static_cast<std::size_t>(type)];
}

std::optional<XdsType> xdsTypeOf(std::string_view url)
{
    for (const XdsType type : kAllXdsTypes) {
        if (typeUrl(type) == url)
            return type;
    }
    return std::nullopt;
}

google::protobuf::Any packDeterministically(const google::protobuf::Message& message)
{
    google::protobuf::Any any;
    any.set_type_url("type.googleapis.com/" + message.GetDescriptor()->full_name());
    any.set_value(serialiseDeterministically(message));
    return any;
}

XdsResourcePtr makeResource(std::string name, const google::protobuf::Message& message)
{
    auto resource = std::make_shared<XdsResource>();
    resource->name = std::move(name);
    resource->body = packDeterministically(message);
    resource->version = fmt::format("{:016x}", hashBytes(resource->body.value(), kFnvOffset));
    return resource;
}

std::string contentVersion(const std::map<std::string, std::string>& versionsByName)
{
    std::uint64_t hash = kFnvOffset;
    for (const auto& [name, version] : versionsByName) {
        hash = hashBytes(name, hash);
        hash = hashBytes("\n", hash);
        hash = hashBytes(version, hash);
        hash = hashBytes("\n", hash);
    }
    return fmt::format("{:016x}", hash);
}

void ResourceSet::seal()
{
    std::map<std::string, std::string> versions;
    for (const auto& [name, resource] : resources)
        versions.emplace(name, resource->version);
    version = contentVersion(versions);
}

const XdsResource* ResourceSet::find(std::string_view name) const
{
    const auto found = resources.find(name);
    return found == resources.end() ? nullptr : found->second.get();
}

NodeSnapshot::NodeSnapshot()
{
    static const ResourceSetPtr empty = [] {
        auto set = std::make_shared<ResourceSet>();
        set->seal();
        return set;
    }();
    sets.fill(empty);
}

} // namespace meshyard::control_plane
