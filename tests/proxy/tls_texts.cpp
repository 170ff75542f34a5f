// SPDX-License-Identifier: GPL-3.0-or-later
#include "tls_texts.h"

namespace {

constexpr std::string_view kTls = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.";

std::string socketText(std::string_view type, std::string_view common, std::string_view extra)
{
    std::string text = "transport_socket: {name: envoy.transport_sockets.tls, typed_config: "
                       "{\"@type\": ";
    text.append(kTls).append(type).append(", ").append(extra);
    return text.append("common_tls_context: {").append(common).append("}}}, ");
}

} // namespace

std::string inlineText(std::string_view text)
{
    std::string quoted = "{inline_string: \"";
    for (const char c : text)
        quoted += c == '\n' ? std::string("\\n") : std::string(1, c);
    return quoted + "\"}";
}

std::string certificatesText(const meshyard::net::TlsCertificate& certificate)
{
    return "tls_certificates: [{certificate_chain: " + inlineText(certificate.chain)
        + ", private_key: " + inlineText(certificate.key) + "}], ";
}

std::string validationText(std::string_view trustedCa, std::string_view san)
{
    std::string text = "validation_context: {trusted_ca: " + inlineText(trustedCa);
    if (!san.empty())
        text += ", match_typed_subject_alt_names: [{san_type: URI, matcher: {exact: \""
            + std::string(san) + "\"}}]";
    return text + "}, ";
}

std::string downstreamTlsText(std::string_view common, std::string_view extra)
{
    return socketText("DownstreamTlsContext", common, extra);
}

std::string upstreamTlsText(std::string_view common, std::string_view extra)
{
    return socketText("UpstreamTlsContext", common, extra);
}

std::string httpFiltersText(std::string_view cluster, std::string_view extra)
{
    return "filters: [{name: hcm, typed_config: {\"@type\": "
           "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3."
           "HttpConnectionManager, stat_prefix: x, "
        + std::string(extra)
        + "http_filters: [{name: envoy.filters.http.router, typed_config: {\"@type\": "
          "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}], route_config: "
          "{name: r, virtual_hosts: [{name: all, domains: [\"*\"], routes: [{match: {prefix: /}, "
          "route: {cluster: \""
        + std::string(cluster) + "\"}}]}]}}}], ";
}

std::string tcpFiltersText(std::string_view cluster, std::string_view extra)
{
    return "filters: [{name: tcp, typed_config: {\"@type\": "
           "type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy, "
           "stat_prefix: x, cluster: \""
        + std::string(cluster) + "\", " + std::string(extra) + "}}], ";
}

std::string chainsListenerText(
    std::string_view name, std::string_view chains, std::string_view extra)
{
    return "{name: \"" + std::string(name) + "\", " + std::string(extra)
        + "address: {socket_address: {address: 127.0.0.1, port_value: 0}}, filter_chains: ["
        + std::string(chains) + "]}";
}
