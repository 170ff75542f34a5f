// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/path_rules.h"

#include "envoy/extensions/filters/network/http_connection_manager/v3/http_connection_manager.pb.h"

namespace meshyard::proxy {

namespace {

int hexValue(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    const char lower = static_cast<char>(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// Value of the escape at `at`; -1 = there is none.
int escapeAt(std::string_view text, std::size_t at)
{
    if (text[at] != '%' || at + 2 >= text.size())
        return -1;
    const int high = hexValue(text[at + 1]);
    const int low = hexValue(text[at + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

bool isUnreserved(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'
        || c == '.' || c == '_' || c == '~';
}

/// @return whether there was any.
bool unescapeSlashes(std::string_view path, std::string& out)
{
    bool found = false;
    for (std::size_t at = 0; at < path.size(); ++at) {
        const int value = escapeAt(path, at);
        if (value == '/' || value == '\\') {
            out.push_back(static_cast<char>(value));
            at += 2;
            found = true;
        } else {
            out.push_back(path[at]);
        }
    }
    return found;
}

/// Unreserved escapes become what they stand for, a backslash a slash.
/// @return false = an escaped NUL.
bool decodeUnreserved(std::string_view path, std::string& out)
{
    for (std::size_t at = 0; at < path.size(); ++at) {
        const int value = escapeAt(path, at);
        if (value == 0)
            return false;
        if (value > 0 && isUnreserved(value)) {
            out.push_back(static_cast<char>(value));
            at += 2;
        } else {
            out.push_back(path[at] == '\\' ? '/' : path[at]);
        }
    }
    return true;
}

/// RFC 3986 5.2.4 for a path that begins with '/'.
void removeDotSegments(std::string_view path, std::string& out)
{
    std::size_t at = 0;
    while (at < path.size()) {
        const std::size_t end = std::min(path.find('/', at + 1), path.size());
        const std::string_view segment = path.substr(at + 1, end - at - 1);
        const bool last = end == path.size();
        if (segment == "..") {
            const std::size_t parent = out.rfind('/');
            out.resize(parent == std::string::npos ? 0 : parent);
        } else if (segment != ".") {
            out.append(path.substr(at, end - at));
        }
        if (last && (segment == "." || segment == ".."))
            out.push_back('/');
        at = end;
    }
    if (out.empty())
        out.push_back('/');
}

void mergeSlashRuns(std::string& path)
{
    std::size_t kept = 0;
    for (std::size_t at = 0; at < path.size(); ++at) {
        if (path[at] != '/' || kept == 0 || path[kept - 1] != '/')
            path[kept++] = path[at];
    }
    path.resize(kept);
}

/// Nothing in it that any rule would touch.
bool isPlain(std::string_view path)
{
    return path.find_first_of("%\\") == std::string_view::npos
        && path.find("//") == std::string_view::npos && path.find("/.") == std::string_view::npos;
}

} // namespace

PathRules PathRules::compile(
    const envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager&
        hcm)
{
    using Hcm
        = envoy::extensions::filters::network::http_connection_manager::v3::HttpConnectionManager;
    PathRules rules;
    rules.normalize = hcm.normalize_path().value();
    rules.mergeSlashes = hcm.merge_slashes();
    switch (hcm.path_with_escaped_slashes_action()) {
    case Hcm::REJECT_REQUEST:
        rules.escapedSlashes = EscapedSlashes::Reject;
        break;
    case Hcm::UNESCAPE_AND_REDIRECT:
        rules.escapedSlashes = EscapedSlashes::Redirect;
        break;
    case Hcm::UNESCAPE_AND_FORWARD:
        rules.escapedSlashes = EscapedSlashes::Forward;
        break;
    default:
        break;
    }
    return rules;
}

PathRules::Verdict PathRules::apply(std::string_view target, std::string& out) const
{
    const std::size_t mark = std::min(target.find('?'), target.size());
    std::string_view path = target.substr(0, mark);
    if (path.empty() || path.front() != '/' || isPlain(path))
        return Verdict::Same; // "*" of OPTIONS is no path
    std::string text;
    bool redirects = false;
    if (escapedSlashes != EscapedSlashes::Keep && unescapeSlashes(path, text)) {
        if (escapedSlashes == EscapedSlashes::Reject)
            return Verdict::Reject;
        redirects = escapedSlashes == EscapedSlashes::Redirect;
    } else {
        text.assign(path);
    }
    out.clear();
    if (normalize) {
        std::string decoded;
        if (!decodeUnreserved(text, decoded))
            return Verdict::Reject;
        removeDotSegments(decoded, out);
    } else {
        out.swap(text);
    }
    if (mergeSlashes)
        mergeSlashRuns(out);
    if (out == path)
        return Verdict::Same;
    out.append(target.substr(mark));
    return redirects ? Verdict::Redirect : Verdict::Changed;
}

} // namespace meshyard::proxy
