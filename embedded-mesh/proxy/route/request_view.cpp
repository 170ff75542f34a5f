// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/request_view.h"

namespace meshyard::proxy {

namespace {

std::string_view withoutBlanks(std::string_view text)
{
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
        text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
        text.remove_suffix(1);
    return text;
}

/// @param skip elements at the end. @return empty when there are not so many.
std::string_view elementFromEnd(std::string_view list, std::uint32_t skip)
{
    while (true) {
        const std::size_t comma = list.rfind(',');
        if (skip == 0)
            return withoutBlanks(comma == std::string_view::npos ? list : list.substr(comma + 1));
        if (comma == std::string_view::npos)
            return {};
        list = list.substr(0, comma);
        --skip;
    }
}

} // namespace

std::optional<std::string_view> RequestView::wholeHeader(
    std::string_view name, std::string& joined) const
{
    if (name.empty() || name.front() == ':' || equalsIgnoreCase(name, "host"))
        return header(name);
    std::optional<std::string_view> value;
    for (const HeaderView& field : headers) {
        if (!equalsIgnoreCase(field.name, name))
            continue;
        if (value) {
            if (joined.empty())
                joined.assign(*value);
            joined.append(",").append(field.value);
        }
        value = value && !joined.empty() ? std::string_view(joined) : field.value;
    }
    return value;
}

net::SocketAddress RequestView::remoteAddress() const
{
    const bool asks = trust == Trust::ForwardedFor || trustedHops > 0;
    // Lines of one name are one list; the last line ends it.
    std::string_view forwarded;
    for (const HeaderView& field : headers) {
        if (asks && equalsIgnoreCase(field.name, "x-forwarded-for"))
            forwarded = field.value;
    }
    const std::uint32_t skip = trust == Trust::Connection ? trustedHops - 1 : trustedHops;
    if (!forwarded.empty()) {
        if (auto address = net::SocketAddress::fromIp(elementFromEnd(forwarded, skip), 0))
            return *address;
    }
    return connection == nullptr ? net::SocketAddress() : connection->remoteAddress();
}

} // namespace meshyard::proxy
