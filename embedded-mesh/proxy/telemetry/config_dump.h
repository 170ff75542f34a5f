// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/bootstrap/config_store.h"

#include <string>

namespace meshyard::proxy {

struct ConfigDumpFacts
{
    bool connected = false;
    bool stale = false;
    WallTime startedAt{};
};

/// JSON in the shape of envoy.admin.v3.ConfigDump: bootstrap, clusters, endpoints, listeners and
/// routes, static and dynamic, with version_info and last_updated; secrets are left out.
std::string configDumpJson(const envoy::config::bootstrap::v3::Bootstrap& bootstrap,
    const ConfigStore& store, const ConfigDumpFacts& facts);

} // namespace meshyard::proxy
