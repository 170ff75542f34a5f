// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace meshyard::proxy {

/// RFC 4648 5, without padding and with all unused bits zero; nullopt for anything else, so that
/// each value has one spelling.
std::optional<std::string> decodeBase64Url(std::string_view text);

enum class Base64Padding { None, Padded };
std::string encodeBase64Url(std::string_view bytes, Base64Padding padding);

} // namespace meshyard::proxy
