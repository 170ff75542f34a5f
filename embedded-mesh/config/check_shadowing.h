// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/check_context.h"

namespace meshyard::kinds::v1 {
class VirtualService;
} // namespace meshyard::kinds::v1

namespace meshyard::config {

/// MY0302: rules and match blocks that can't be reached because an earlier one takes everything
/// they would. Knows catch-alls, equal blocks and shorter prefixes; linear in the blocks.
void checkShadowing(const CheckContext& context, const kinds::v1::VirtualService& spec);

} // namespace meshyard::config
