// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/client_cert.h"

namespace meshyard::proxy {

namespace {

using Mode = ClientCertRules::Mode;

std::string receivedValue(const http::RequestHead& head)
{
    std::string all;
    for (const http::Field& field : head.fields()) {
        if (field.known != http::KnownHeader::XForwardedClientCert)
            continue;
        if (!all.empty())
            all += ',';
        all += head.value(field);
    }
    return all;
}

/// A value may hold what separates values: then it goes in quotes.
void append(std::string& out, std::string_view key, std::string_view value, bool quoted)
{
    if (!out.empty())
        out += ';';
    out.append(key).append("=");
    if (!quoted && value.find_first_of(",;=\"") == std::string_view::npos) {
        out.append(value);
        return;
    }
    out += '"';
    for (const char c : value) {
        if (c == '"')
            out += '\\';
        if (c != '\r' && c != '\n' && c != '\0')
            out += c;
    }
    out += '"';
}

std::string ownEntry(const FilterChainSpec& chain, const net::PeerIdentity& peer)
{
    const ClientCertRules& rules = chain.clientCert;
    std::string entry;
    if (chain.tls != nullptr && !chain.tls->ownUri().empty())
        append(entry, "By", chain.tls->ownUri(), false);
    append(entry, "Hash", peer.fingerprint, false);
    if (rules.subject)
        append(entry, "Subject", peer.subject, true);
    for (const std::string& uri : peer.uriSans) {
        if (rules.uri)
            append(entry, "URI", uri, false);
    }
    for (const std::string& name : peer.dnsSans) {
        if (rules.dns)
            append(entry, "DNS", name, false);
    }
    return entry;
}

} // namespace

std::string forwardedClientCert(
    const FilterChainSpec& chain, const http::RequestHead& head, const net::PeerIdentity* peer)
{
    const Mode mode = chain.clientCert.mode;
    if (mode == Mode::AlwaysForwardOnly)
        return receivedValue(head);
    if (mode == Mode::Sanitize || peer == nullptr)
        return {}; // who has not shown who he is does not speak for others
    if (mode == Mode::ForwardOnly)
        return receivedValue(head);
    std::string value = mode == Mode::AppendForward ? receivedValue(head) : std::string();
    if (!value.empty())
        value += ',';
    return value + ownEntry(chain, *peer);
}

} // namespace meshyard::proxy
