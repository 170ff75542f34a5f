// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/proxy/route/header_format.h"
#include "embedded-mesh/proxy/route/matchers.h"
#include "embedded-mesh/proxy/route/retry_rules.h"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace envoy::config::core::v3 {
class HeaderValueOption;
}
namespace google::protobuf {
template <typename T> class RepeatedPtrField;
}

namespace meshyard::proxy {

using Micros = std::chrono::microseconds;

/// Headers to remove, then to add, in the order in which they act. Levels that follow each other
/// are folded into one list when configuration arrives.
struct HeaderEdits
{
    enum class Action : std::uint8_t { Append, AddIfAbsent, Overwrite, OverwriteIfExists };

    struct Addition
    {
        std::string name;
        std::string value;
        Action action = Action::Append;
        std::shared_ptr<const HeaderFormat> format; // nullptr: value is the text
        bool keepEmpty = false;
    };

    using Options = google::protobuf::RepeatedPtrField<envoy::config::core::v3::HeaderValueOption>;
    using Names = google::protobuf::RepeatedPtrField<std::string>;

    std::vector<std::string> removals;
    std::vector<Addition> additions;

    /// One more level, which acts after what is there.
    Result<void> append(const Options& add, const Names& remove);
    void append(const HeaderEdits& later);
    void remove(std::string_view name);
    void add(Addition addition);
    void set(std::string_view name, std::string value)
    {
        add({std::string(name), std::move(value), Action::Overwrite, {}, false});
    }
    void clear();

    bool isEmpty() const { return removals.empty() && additions.empty(); }
    bool removes(std::string_view name) const;
    /// Whether an addition replaces the header of that name.
    bool overwrites(std::string_view name) const;

    /// Some value has commands in it: not to be written before bound() and finish().
    bool isDynamic() const;
    /// With everything filled in that the request tells.
    HeaderEdits bound(const RequestFacts& facts) const;
    /// Fills in the rest; additions without any text go, as in Envoy.
    void finish(const ResponseFacts* facts);

private:
    bool adds(std::string_view name) const;
    void dropAdditions(std::string_view name);
};

} // namespace meshyard::proxy
