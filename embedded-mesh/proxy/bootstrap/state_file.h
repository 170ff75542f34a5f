// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/bootstrap/config_store.h"

#include <string>

namespace meshyard::proxy {

/// Writes everything the store holds, atomically, readable by the owner only.
Result<void> saveState(const ConfigStore& store, const std::string& folder);
/// Fills the store from the last saveState(). NotFound when there is none; the store is unchanged
/// when the file is damaged.
Result<void> loadState(ConfigStore& store, const std::string& folder);

} // namespace meshyard::proxy
