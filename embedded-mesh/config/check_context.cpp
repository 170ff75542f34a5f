// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/check_context.h"

#include "embedded-mesh/document/go_duration.h"
#include "embedded-mesh/document/suggestion.h"

#include <fmt/format.h>
#include <google/protobuf/duration.pb.h>

#include <limits>

namespace meshyard::config {

using document::quoted;
using document::toGoDuration;

void CheckContext::wantRange(const std::string& field, double value, double low, double high) const
{
    if (value >= low && value <= high)
        return;
    error("MY0401", field,
        high < std::numeric_limits<double>::max()
            ? fmt::format("{} is out of range: write a number from {} to {}", value, low, high)
            : fmt::format("{} is too small: write at least {}", value, low));
}

void CheckContext::wantDuration(const std::string& field, const google::protobuf::Duration& value,
    std::chrono::nanoseconds low, std::chrono::nanoseconds high) const
{
    const auto nanos = toNanos(value);
    if (nanos < low || nanos > high) {
        error("MY0402", field,
            fmt::format("{} is out of range: write a duration from {} to {}", toGoDuration(nanos),
                toGoDuration(low), toGoDuration(high)));
    }
}

void CheckContext::wantPort(const std::string& field, std::uint32_t port) const
{
    if (port < 1 || port > 65535)
        error(
            "MY0401", field, fmt::format("{} is not a port: write a number from 1 to 65535", port));
}

std::chrono::nanoseconds toNanos(const google::protobuf::Duration& duration)
{
    constexpr std::int64_t kMost = 9'000'000'000;
    const std::int64_t seconds = std::min(std::max(duration.seconds(), -kMost), kMost);
    return std::chrono::seconds(seconds) + std::chrono::nanoseconds(duration.nanos());
}

std::string at(const std::string& list, int index)
{
    return list + "[" + std::to_string(index) + "]";
}

std::string labelsText(const std::map<std::string, std::string>& labels)
{
    std::string text;
    for (const auto& [key, value] : labels)
        text += (text.empty() ? "" : ", ") + key + ": " + value;
    return text;
}

void checkDestination(const CheckContext& context, const std::string& field,
    const std::string& host, const std::string& subset, std::uint32_t port)
{
    if (host.empty()) {
        context.missing(field, "the destination has no \"host\": name the service to call");
        return;
    }
    const HostTarget target = resolveHost(host, context.ns());
    const auto* facts = context.index.service(target);
    if (!facts && context.index.knowsMesh()) {
        context.warning("MY0201", field + ".host",
            fmt::format("no service {} is known in {}: calls get 503 until it runs{}", quoted(host),
                target.ns, context.index.serviceCure(target)));
    }
    if (!subset.empty() && !context.index.hasSubset(target, subset)) {
        const auto subsets = context.index.subsetsOf(target);
        context.warning("MY0202", field + ".subset",
            fmt::format(
                "no DestinationRule of {} defines the subset {}: calls get 503 until one does{}",
                quoted(host), quoted(subset), document::didYouMean(subset, subsets)));
    }
    if (port != 0 && facts && !facts->ports.empty() && !facts->ports.contains(port)) {
        context.warning("MY0207", field + ".port.number",
            fmt::format("{} does not offer port {}: it offers {}", quoted(host), port,
                fmt::join(facts->ports, ", ")));
    }
}

} // namespace meshyard::config
