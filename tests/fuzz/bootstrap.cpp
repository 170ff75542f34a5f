// SPDX-License-Identifier: GPL-3.0-or-later
// A bootstrap file: text to message to compiled configuration.
#include "embedded-mesh/document/load_yaml.h"
#include "embedded-mesh/proxy/bootstrap/bootstrap_file.h"
#include "embedded-mesh/proxy/bootstrap/config_store.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "fuzz_input.h"
#include "tests/support/fake_clock.h"

#include <google/protobuf/stubs/logging.h>

using namespace meshyard;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size > 16 * 1024)
        return 0;
    // Links the types that only an Any names.
    static const auto linked = proxy::readBootstrap("/dev/null");
    static const bool quiet = (google::protobuf::SetLogHandler(nullptr), true); // of bad UTF-8
    (void)quiet;
    envoy::config::bootstrap::v3::Bootstrap bootstrap;
    if (!document::loadYaml(fuzz::textOf(data, size), bootstrap, "fuzz"))
        return 0;
    (void)proxy::controlPlaneOf(bootstrap);
    const test::FakeClock clock;
    proxy::ConfigStore store(clock);
    if (!store.loadStatic(bootstrap))
        return 0;
    const auto snapshot = store.snapshot();
    fuzz::require(snapshot != nullptr, "a loaded configuration has a snapshot");
    return 0;
}
