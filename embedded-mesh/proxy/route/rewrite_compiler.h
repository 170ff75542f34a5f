// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/route/route_action.h"

namespace envoy::config::route::v3 {
class RedirectAction;
class RouteAction;
} // namespace envoy::config::route::v3

namespace meshyard::proxy {

/// prefix_rewrite, regex_rewrite or path_rewrite; at most one of them.
Result<void> compilePathRewrite(
    const envoy::config::route::v3::RouteAction& route, ForwardAction& action);
Result<HostRewrite> compileHostRewrite(const envoy::config::route::v3::RouteAction& route);
Result<RedirectRules> compileRedirect(const envoy::config::route::v3::RedirectAction& redirect);

} // namespace meshyard::proxy
