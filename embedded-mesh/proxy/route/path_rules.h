// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace envoy::extensions::filters::network::http_connection_manager::v3 {
class HttpConnectionManager;
}

namespace meshyard::proxy {

/// How a listener reads paths, so that matching, policies and the upstream all see the same one.
///
/// Follows Envoy's normalize_path, merge_slashes and path_with_escaped_slashes_action: escaped
/// slashes first, then RFC 3986 dot segments and unreserved escapes, then repeated slashes.
struct PathRules
{
    enum class EscapedSlashes : std::uint8_t { Keep, Reject, Redirect, Forward };
    enum class Verdict : std::uint8_t { Same, Changed, Reject, Redirect };

    bool normalize = false;
    bool mergeSlashes = false;
    EscapedSlashes escapedSlashes = EscapedSlashes::Keep;

    static PathRules compile(const envoy::extensions::filters::network::http_connection_manager::
            v3::HttpConnectionManager& hcm);

    bool act() const { return normalize || mergeSlashes || escapedSlashes != EscapedSlashes::Keep; }
    /// @param target path and query. @param out gets what it becomes, unless Same or Reject.
    Verdict apply(std::string_view target, std::string& out) const;
};

} // namespace meshyard::proxy
