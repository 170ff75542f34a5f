// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The generated header has functions called `requires`, a keyword since C++20. Everything it
// includes comes first, so that only the functions are renamed.
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/http_uri.pb.h"
#include "envoy/config/route/v3/route_components.pb.h"
#include "envoy/type/matcher/v3/string.pb.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/empty.pb.h>
#include <google/protobuf/map.h>
#include <google/protobuf/map_entry.h>
#include <google/protobuf/map_field_inl.h>

#define requires requires_
#include "envoy/extensions/filters/http/jwt_authn/v3/config.pb.h"
#undef requires
