// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/balance_spec.h"

namespace google::protobuf {
class Struct;
}
namespace envoy::config::core::v3 {
class Metadata;
}

namespace meshyard::proxy {

/// Fields of a struct by key; values of different types never spell alike.
MetadataPairs metadataPairs(const google::protobuf::Struct& fields);
/// Of the "envoy.lb" group of some metadata; none when there is no such group.
MetadataPairs lbMetadata(const envoy::config::core::v3::Metadata& metadata);
/// Each item of each list in it.
MetadataPairs lbListItems(const envoy::config::core::v3::Metadata& metadata);
/// A route's pairs with those of one of its targets laid over them.
MetadataPairs merged(MetadataPairs base, const MetadataPairs& over);

} // namespace meshyard::proxy
