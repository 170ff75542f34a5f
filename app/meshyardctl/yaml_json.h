// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/snapshot/mesh_json.h"

namespace meshyard::ctl {

/// One stored YAML document as JSON: key order kept; plain scalars become null, booleans and
/// numbers where YAML reads them so, quoted ones stay text.
Result<Json> yamlToJson(const std::string& text);

} // namespace meshyard::ctl
