// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/metadata_pairs.h"

#include "envoy/config/core/v3/base.pb.h"

#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

namespace meshyard::proxy {

namespace {

using google::protobuf::Value;

std::string spelled(const Value& value)
{
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(value, &json).ok())
        json.clear();
    return json;
}

const google::protobuf::Struct* lbGroup(const envoy::config::core::v3::Metadata& metadata)
{
    const auto found = metadata.filter_metadata().find("envoy.lb");
    return found == metadata.filter_metadata().end() ? nullptr : &found->second;
}

} // namespace

MetadataPairs metadataPairs(const google::protobuf::Struct& fields)
{
    MetadataPairs pairs;
    for (const auto& [key, value] : fields.fields())
        pairs.push_back({key, spelled(value)});
    std::ranges::sort(pairs);
    return pairs;
}

MetadataPairs lbMetadata(const envoy::config::core::v3::Metadata& metadata)
{
    const auto* const group = lbGroup(metadata);
    return group == nullptr ? MetadataPairs() : metadataPairs(*group);
}

MetadataPairs lbListItems(const envoy::config::core::v3::Metadata& metadata)
{
    MetadataPairs pairs;
    const auto* const group = lbGroup(metadata);
    if (group == nullptr)
        return pairs;
    for (const auto& [key, value] : group->fields()) {
        for (const Value& item : value.list_value().values())
            pairs.push_back({key, spelled(item)});
    }
    std::ranges::sort(pairs);
    return pairs;
}

MetadataPairs merged(MetadataPairs base, const MetadataPairs& over)
{
    for (const MetadataPair& pair : over) {
        const auto same = std::ranges::find(base, pair.key, &MetadataPair::key);
        if (same == base.end())
            base.push_back(pair);
        else
            same->value = pair.value;
    }
    std::ranges::sort(base);
    return base;
}

} // namespace meshyard::proxy
