// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/known_header.h"

#include "embedded-mesh/http/field_rules.h"

#include <array>
#include <cstddef>

namespace meshyard::http {

namespace {

struct Entry
{
    std::string_view name; // lower case
    KnownHeader header;
};

constexpr std::array kHeaders = {
    Entry{"te", KnownHeader::Te},
    Entry{"via", KnownHeader::Via},
    Entry{"host", KnownHeader::Host},
    Entry{"date", KnownHeader::Date},
    Entry{"accept", KnownHeader::Accept},
    Entry{"cookie", KnownHeader::Cookie},
    Entry{"expect", KnownHeader::Expect},
    Entry{"origin", KnownHeader::Origin},
    Entry{"server", KnownHeader::Server},
    Entry{"trailer", KnownHeader::Trailer},
    Entry{"upgrade", KnownHeader::Upgrade},
    Entry{"end-user", KnownHeader::EndUser},
    Entry{"forwarded", KnownHeader::Forwarded},
    Entry{"connection", KnownHeader::Connection},
    Entry{"keep-alive", KnownHeader::KeepAlive},
    Entry{"tracestate", KnownHeader::Tracestate},
    Entry{"user-agent", KnownHeader::UserAgent},
    Entry{"grpc-status", KnownHeader::GrpcStatus},
    Entry{"retry-after", KnownHeader::RetryAfter},
    Entry{"traceparent", KnownHeader::Traceparent},
    Entry{"content-type", KnownHeader::ContentType},
    Entry{"max-forwards", KnownHeader::MaxForwards},
    Entry{"x-request-id", KnownHeader::XRequestId},
    Entry{"authorization", KnownHeader::Authorization},
    Entry{"content-length", KnownHeader::ContentLength},
    Entry{"x-forwarded-for", KnownHeader::XForwardedFor},
    Entry{"x-meshyard-peer", KnownHeader::XMeshyardPeer},
    Entry{"proxy-connection", KnownHeader::ProxyConnection},
    Entry{"transfer-encoding", KnownHeader::TransferEncoding},
    Entry{"x-forwarded-proto", KnownHeader::XForwardedProto},
    Entry{"proxy-authenticate", KnownHeader::ProxyAuthenticate},
    Entry{"proxy-authorization", KnownHeader::ProxyAuthorization},
    Entry{"x-forwarded-client-cert", KnownHeader::XForwardedClientCert},
};

constexpr std::size_t kLongest = 23;
constexpr std::string_view kEnvoyPrefix = "x-envoy-";

/// First entry of each length; kHeaders is sorted by length.
constexpr auto kFirstOfLength = [] {
    std::array<std::uint8_t, kLongest + 2> first{};
    std::size_t entry = 0;
    for (std::size_t length = 0; length < first.size(); ++length) {
        while (entry < kHeaders.size() && kHeaders[entry].name.size() < length)
            ++entry;
        first[length] = static_cast<std::uint8_t>(entry);
    }
    return first;
}();

} // namespace

KnownHeader knownHeader(std::string_view name)
{
    if (name.size() > kEnvoyPrefix.size()
        && equalsIgnoringCase(name.substr(0, kEnvoyPrefix.size()), kEnvoyPrefix))
        return KnownHeader::XEnvoy;
    if (name.empty() || name.size() > kLongest)
        return KnownHeader::Other;
    for (std::size_t i = kFirstOfLength[name.size()]; i < kFirstOfLength[name.size() + 1]; ++i) {
        if (equalsIgnoringCase(name, kHeaders[i].name))
            return kHeaders[i].header;
    }
    return KnownHeader::Other;
}

bool isHopByHop(KnownHeader header)
{
    switch (header) {
    case KnownHeader::Connection:
    case KnownHeader::KeepAlive:
    case KnownHeader::ProxyConnection:
    case KnownHeader::Te:
    case KnownHeader::TransferEncoding:
    case KnownHeader::Upgrade:
        return true;
    default:
        return false;
    }
}

Method knownMethod(std::string_view name)
{
    struct Named
    {
        std::string_view name;
        Method method;
    };
    static constexpr std::array kMethods = {
        Named{"GET", Method::Get},
        Named{"POST", Method::Post},
        Named{"HEAD", Method::Head},
        Named{"PUT", Method::Put},
        Named{"DELETE", Method::Delete},
        Named{"PATCH", Method::Patch},
        Named{"OPTIONS", Method::Options},
        Named{"TRACE", Method::Trace},
        Named{"CONNECT", Method::Connect},
    };
    for (const Named& known : kMethods) {
        if (known.name == name)
            return known.method;
    }
    return Method::Other;
}

bool isIdempotent(Method method)
{
    switch (method) {
    case Method::Get:
    case Method::Head:
    case Method::Put:
    case Method::Delete:
    case Method::Options:
    case Method::Trace:
        return true;
    default:
        return false;
    }
}

} // namespace meshyard::http
