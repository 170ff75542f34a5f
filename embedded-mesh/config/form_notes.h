// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/form.h"

#include <string_view>

namespace meshyard::config {

/// Puts default, range and sentence into a field, where the table has them. Internal to the room.
void applyNote(std::string_view message, FormField& field);

} // namespace meshyard::config
