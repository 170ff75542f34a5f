// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <string_view>

namespace meshyard::workloads {

/// What a demo service has to say, as the inside of a JSON object ("\"ratings\":{…}"): bookinfo's
/// four services by name, any other a note. Filled up with prose to about `bytes`.
std::string demoContent(std::string_view service, std::string_view version, std::size_t bytes);

} // namespace meshyard::workloads
