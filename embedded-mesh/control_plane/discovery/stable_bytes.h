// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <google/protobuf/message.h>

#include <string>

namespace meshyard::control_plane {

/// Serialized with sorted maps: equal messages have equal bytes, in every process.
std::string stableBytes(const google::protobuf::Message& message);

} // namespace meshyard::control_plane
