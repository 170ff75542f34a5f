// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/http/h2_options.h"

namespace envoy::config::core::v3 {
class Http2ProtocolOptions;
}

namespace meshyard::proxy {

/// What is not set keeps our defaults, which are stricter than Envoy's.
Result<http::H2Options> http2OptionsFrom(const envoy::config::core::v3::Http2ProtocolOptions& proto);

} // namespace meshyard::proxy
