// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/bootstrap/bootstrap_file.h"

#include "embedded-mesh/document/load_yaml.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

// Any in a bootstrap takes every type that is linked in: these are named nowhere else.
#include "envoy/extensions/filters/http/cors/v3/cors.pb.h"
#include "envoy/extensions/filters/http/router/v3/router.pb.h"
#include "envoy/extensions/filters/listener/http_inspector/v3/http_inspector.pb.h"
#include "envoy/extensions/filters/listener/original_dst/v3/original_dst.pb.h"
#include "envoy/extensions/filters/listener/tls_inspector/v3/tls_inspector.pb.h"
#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"

namespace meshyard::proxy {

Result<Bootstrap> readBootstrap(const std::string& path)
{
    // Keeps the linker from leaving the descriptors of otherwise unused types out.
    envoy::extensions::filters::http::router::v3::Router::descriptor();
    envoy::extensions::filters::http::cors::v3::Cors::descriptor();
    envoy::extensions::filters::listener::http_inspector::v3::HttpInspector::descriptor();
    envoy::extensions::filters::listener::original_dst::v3::OriginalDst::descriptor();
    envoy::extensions::filters::listener::tls_inspector::v3::TlsInspector::descriptor();
    envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer::descriptor();

    std::ifstream file(path);
    if (!file)
        return failure(ErrorCode::NotFound, "cannot read " + path + ": " + std::strerror(errno));
    std::ostringstream text;
    text << file.rdbuf();
    Bootstrap bootstrap;
    if (auto loaded = document::loadYaml(text.str(), bootstrap, path); !loaded)
        return tl::unexpected(loaded.error());
    return bootstrap;
}

std::string addressText(const envoy::config::core::v3::Address& address)
{
    if (address.has_pipe())
        return "unix:" + address.pipe().path();
    if (!address.has_socket_address())
        return {};
    return address.socket_address().address() + ':'
        + std::to_string(address.socket_address().port_value());
}

Result<ControlPlaneTarget> controlPlaneOf(const Bootstrap& bootstrap)
{
    ControlPlaneTarget target;
    if (!bootstrap.dynamic_resources().has_ads_config()) {
        if (bootstrap.dynamic_resources().has_lds_config()
            || bootstrap.dynamic_resources().has_cds_config())
            return failure(ErrorCode::InvalidArgument,
                "dynamic_resources: lds_config and cds_config need an ads_config");
        return target;
    }
    const auto& ads = bootstrap.dynamic_resources().ads_config();
    if (ads.grpc_services_size() == 0)
        return failure(ErrorCode::InvalidArgument, "ads_config.grpc_services is empty");
    const auto& service = ads.grpc_services(0);
    if (service.has_google_grpc()) {
        target.address = service.google_grpc().target_uri();
        return target;
    }
    const std::string& name = service.envoy_grpc().cluster_name();
    for (const auto& cluster : bootstrap.static_resources().clusters()) {
        if (cluster.name() != name)
            continue;
        for (const auto& locality : cluster.load_assignment().endpoints()) {
            for (const auto& endpoint : locality.lb_endpoints())
                target.address = addressText(endpoint.endpoint().address());
        }
        if (!target.address.empty())
            return target;
    }
    return failure(ErrorCode::InvalidArgument,
        "ads_config: static_resources has no cluster '" + name + "' with an endpoint");
}

} // namespace meshyard::proxy
