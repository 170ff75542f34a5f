// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/jwks_source.h"

#include "embedded-mesh/http/field_rules.h"
#include "embedded-mesh/proxy/filter/jwt_authn_proto.h"
#include "embedded-mesh/proxy/route/proto_values.h"

namespace meshyard::proxy {

namespace {

std::chrono::milliseconds toMillis(const google::protobuf::Duration& duration)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(toMicros(duration));
}

} // namespace

Result<std::shared_ptr<JwksSource>> JwksSource::compile(const Proto& proto)
{
    auto source = std::make_shared<JwksSource>();
    std::string_view uri = proto.http_uri().uri();
    const std::size_t scheme = uri.find("://");
    if (scheme == std::string_view::npos)
        return failure(ErrorCode::InvalidArgument, "http_uri.uri is no http(s) URI");
    uri.remove_prefix(scheme + 3);
    const std::size_t slash = std::min(uri.find('/'), uri.size());
    source->host = uri.substr(0, slash);
    source->target = slash == uri.size() ? "/" : std::string(uri.substr(slash));
    source->cluster = proto.http_uri().cluster();
    source->timeout = toMillis(proto.http_uri().timeout());
    if (source->host.empty() || !http::isAuthority(source->host)
        || !http::isTargetText(source->target))
        return failure(ErrorCode::InvalidArgument, "http_uri.uri is no http(s) URI");
    if (source->cluster.empty() || source->timeout.count() <= 0)
        return failure(ErrorCode::InvalidArgument, "http_uri needs a cluster and a timeout");
    if (proto.has_cache_duration())
        source->lifetime
            = std::max(toMillis(proto.cache_duration()), std::chrono::milliseconds(100));
    if (proto.async_fetch().has_failed_refetch_duration())
        source->retryAfter = std::max(toMillis(proto.async_fetch().failed_refetch_duration()),
            std::chrono::milliseconds(100));
    return source;
}

void JwksSource::succeed(std::shared_ptr<const KeySet> keys)
{
    fetched.add();
    m_keys.store(std::move(keys));
    m_settled.store(true, std::memory_order_release);
}

void JwksSource::fail()
{
    failed.add();
    m_settled.store(true, std::memory_order_release);
}

} // namespace meshyard::proxy
