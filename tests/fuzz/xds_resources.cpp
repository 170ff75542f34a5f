// SPDX-License-Identifier: GPL-3.0-or-later
// A resource as a control plane sends it. The first byte says of which type; a route table that
// compiles is also asked for a route.
#include "embedded-mesh/proxy/bootstrap/bootstrap_file.h"
#include "embedded-mesh/proxy/bootstrap/config_store.h"
#include "embedded-mesh/proxy/route/route_table.h"
#include "envoy/config/route/v3/route.pb.h"
#include "fuzz_input.h"
#include "tests/support/fake_clock.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/stubs/logging.h>

#include <string>

using namespace meshyard;

namespace {

constexpr std::string_view kTypes[] = {proxy::kListenerType, proxy::kRouteType, proxy::kClusterType,
    proxy::kEndpointType, proxy::kOverrideType};

void askForRoutes(std::string_view bytes)
{
    envoy::config::route::v3::RouteConfiguration config;
    if (!config.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
        return;
    const auto table = proxy::RouteTable::compile(config);
    if (!table)
        return;
    const proxy::HeaderView headers[] = {{"end-user", "jason"}, {"x-h", "v"}, {"x-h", ""}};
    proxy::RequestView request;
    request.method = "GET";
    request.headers = headers;
    for (const std::string_view authority : {"reviews", "a.test:80", "x.b.test", ""}) {
        for (const std::string_view path : {"/", "/p/q", "/a%20b"}) {
            request.authority = authority;
            const std::string target = std::string(path) + "?v=2&w";
            request.path = std::string_view(target).substr(0, path.size());
            request.query = std::string_view(target).substr(path.size() + 1);
            (void)(*table)->match(request, path.size());
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0 || size > 16 * 1024)
        return 0;
    static const auto linked = proxy::readBootstrap("/dev/null");
    static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true); // of bad UTF-8
    (void)quiet;
    const std::string_view type = kTypes[data[0] % std::size(kTypes)];
    const std::string_view bytes = fuzz::textOf(data + 1, size - 1);
    if (type == proxy::kRouteType)
        askForRoutes(bytes);
    proxy::ConfigStore::Resources resources;
    auto* const any = resources.Add();
    any->set_type_url(std::string(type));
    any->set_value(std::string(bytes));
    const test::FakeClock clock;
    proxy::ConfigStore store(clock);
    const auto taken = store.update(type, "1", resources);
    const auto snapshot = store.snapshot();
    fuzz::require(snapshot != nullptr, "there is always a snapshot");
    if (!taken)
        fuzz::require(snapshot->listeners.empty() && snapshot->clusters.empty(),
            "what is refused changes nothing");
    return 0;
}
