// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/upstream_transport.h"

#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/cluster/v3/cluster.pb.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

std::string textOf(const google::protobuf::Value& value)
{
    switch (value.kind_case()) {
    case google::protobuf::Value::kBoolValue:
        return value.bool_value() ? "true" : "false";
    case google::protobuf::Value::kNumberValue:
        return std::to_string(value.number_value());
    case google::protobuf::Value::kStringValue:
        return value.string_value();
    default:
        return value.ShortDebugString();
    }
}

TransportLabels labelsOf(const google::protobuf::Struct& fields)
{
    TransportLabels labels;
    for (const auto& [name, value] : fields.fields())
        labels.emplace(name, textOf(value));
    return labels;
}

} // namespace

Result<UpstreamTransport> UpstreamTransport::compile(
    const envoy::config::cluster::v3::Cluster& proto)
{
    UpstreamTransport transport;
    if (proto.has_transport_socket()) {
        auto settings = TlsSettings::compile(proto.transport_socket(), TlsSettings::Side::Client);
        if (!settings)
            return tl::unexpected(settings.error());
        transport.otherwise.settings = std::move(*settings);
        transport.key = proto.transport_socket().SerializeAsString();
    }
    for (const auto& match : proto.transport_socket_matches()) {
        auto settings = TlsSettings::compile(match.transport_socket(), TlsSettings::Side::Client);
        if (!settings)
            return at("transport_socket_matches '" + match.name() + "'", settings.error());
        transport.matches.push_back(
            {match.name(), proxy::labelsOf(match.match()), std::move(*settings), nullptr});
        transport.key += '\n' + match.SerializeAsString();
    }
    return transport;
}

void UpstreamTransport::offer(const std::vector<std::string>& protocols, bool always)
{
    const auto apply = [&](Choice& choice) {
        if (choice.settings == nullptr || (!always && !choice.settings->options.alpn.empty()))
            return;
        auto settings = std::make_shared<TlsSettings>(*choice.settings);
        settings->options.alpn = protocols;
        for (const std::string& protocol : protocols)
            settings->key += '\n' + protocol;
        choice.settings = std::move(settings);
    };
    std::ranges::for_each(matches, apply);
    apply(otherwise);
    for (const std::string& protocol : protocols)
        key += '\n' + protocol;
}

TransportLabels UpstreamTransport::labelsOf(const envoy::config::core::v3::Metadata& metadata)
{
    const auto found = metadata.filter_metadata().find("envoy.transport_socket_match");
    return found == metadata.filter_metadata().end() ? TransportLabels()
                                                     : proxy::labelsOf(found->second);
}

const UpstreamTransport::Choice& UpstreamTransport::choose(const TransportLabels& labels) const
{
    const auto found = std::ranges::find_if(matches, [&](const Choice& choice) {
        return std::ranges::all_of(choice.labels, [&](const auto& wanted) {
            const auto label = labels.find(wanted.first);
            return label != labels.end() && label->second == wanted.second;
        });
    });
    return found == matches.end() ? otherwise : *found;
}

Result<void> UpstreamTransport::connect(net::Connection& connection,
    const net::SocketAddress& address, const TransportLabels& labels) const
{
    const Choice& choice = choose(labels);
    if (choice.settings == nullptr)
        return connection.connect(address);
    if (choice.tls == nullptr)
        return failure(ErrorCode::FailedPrecondition, "the cluster's TLS secrets are not here yet");
    return connection.connect(address, *choice.tls);
}

} // namespace meshyard::proxy
