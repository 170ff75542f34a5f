// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/resource.h"

namespace meshyard::config {

/// The spec of a resource as its generated type (`specOf<kinds::v1::VirtualService>(resource)`);
/// nullptr = another kind. For embedded-mesh only: the caller includes the generated header.
template <typename Spec> const Spec* specOf(const Resource& resource)
{
    return dynamic_cast<const Spec*>(resource.spec.get());
}

} // namespace meshyard::config
