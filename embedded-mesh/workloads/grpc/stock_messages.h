// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"

#include <cstdint>
#include <string>
#include <string_view>

/// The messages of meshyard.demo.Stock, whose .proto would read:
///
///   service Stock { rpc Count(CountRequest) returns (CountReply); }
///   message CountRequest { string item = 1; }
///   message CountReply { string item = 1; uint32 copies = 2; string version = 3; string instance =
///   4; }
///
/// Encoded by hand: four fields are no reason to link protobuf into a program of which a demo mesh
/// starts a dozen. Any protobuf implementation reads and writes the same bytes.
namespace meshyard::workloads {

inline constexpr std::string_view kStockCount = "/meshyard.demo.Stock/Count";

struct CountRequest
{
    std::string item;

    std::string encode() const;
    /// Unknown fields are passed over. @return InvalidArgument for what is no protobuf message.
    static Result<CountRequest> decode(std::string_view bytes);
};

struct CountReply
{
    std::string item;
    std::uint32_t copies = 0;
    std::string version;
    std::string instance;

    std::string encode() const;
    static Result<CountReply> decode(std::string_view bytes);
};

} // namespace meshyard::workloads
