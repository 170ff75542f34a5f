// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/tls/secret.h"

#include "embedded-mesh/proxy/route/matchers.h"
#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace meshyard::proxy {

namespace {

namespace tls = envoy::extensions::transport_sockets::tls::v3;

Result<net::SanTest> compileName(const tls::SubjectAltNameMatcher& proto)
{
    net::SanTest test;
    switch (proto.san_type()) {
    case tls::SubjectAltNameMatcher::DNS:
        test.kind = net::SanTest::Kind::Dns;
        break;
    case tls::SubjectAltNameMatcher::URI:
        test.kind = net::SanTest::Kind::Uri;
        break;
    case tls::SubjectAltNameMatcher::EMAIL:
        test.kind = net::SanTest::Kind::Email;
        break;
    case tls::SubjectAltNameMatcher::IP_ADDRESS:
        test.kind = net::SanTest::Kind::Ip;
        break;
    default:
        return failure(ErrorCode::InvalidArgument,
            "san_type " + tls::SubjectAltNameMatcher::SanType_Name(proto.san_type())
                + " is not supported");
    }
    auto matcher = StringTest::compile(proto.matcher());
    if (!matcher)
        return tl::unexpected(matcher.error());
    if (proto.san_type() == tls::SubjectAltNameMatcher::DNS && !proto.matcher().exact().empty())
        test.exactDns = proto.matcher().exact();
    test.matches = [compiled = std::move(*matcher)](
                       std::string_view name) { return compiled.matches(name); };
    return test;
}

} // namespace

Result<void> refuseUnknownFields(const google::protobuf::Message& message)
{
    const auto& unknown = message.GetReflection()->GetUnknownFields(message);
    if (unknown.field_count() > 0) {
        return failure(ErrorCode::InvalidArgument,
            message.GetDescriptor()->name() + ": field number "
                + std::to_string(unknown.field(0).number()) + " is not supported");
    }
    return {};
}

Result<std::string> readDataSource(const envoy::config::core::v3::DataSource& source)
{
    using DataSource = envoy::config::core::v3::DataSource;
    switch (source.specifier_case()) {
    case DataSource::kInlineBytes:
        return source.inline_bytes();
    case DataSource::kInlineString:
        return source.inline_string();
    case DataSource::kEnvironmentVariable: {
        const char* const value = std::getenv(source.environment_variable().c_str());
        if (value == nullptr)
            return failure(ErrorCode::NotFound,
                "environment variable " + source.environment_variable() + " is not set");
        return std::string(value);
    }
    case DataSource::kFilename: {
        std::ifstream file(source.filename(), std::ios::binary);
        if (!file)
            return failure(ErrorCode::NotFound,
                "cannot read " + source.filename() + ": " + std::strerror(errno));
        std::ostringstream text;
        text << file.rdbuf();
        return text.str();
    }
    default:
        return std::string();
    }
}

Result<net::TlsCertificate> readCertificate(const tls::TlsCertificate& proto)
{
    if (auto known = refuseUnknownFields(proto); !known)
        return tl::unexpected(known.error());
    auto chain = readDataSource(proto.certificate_chain());
    if (!chain)
        return at("certificate_chain", chain.error());
    auto key = readDataSource(proto.private_key());
    if (!key)
        return at("private_key", key.error());
    auto password = readDataSource(proto.password());
    if (!password)
        return at("password", password.error());
    return net::TlsCertificate{std::move(*chain), std::move(*key), std::move(*password)};
}

Result<ValidationRules> ValidationRules::compile(const tls::CertificateValidationContext& proto)
{
    if (auto known = refuseUnknownFields(proto); !known)
        return tl::unexpected(known.error());
    ValidationRules rules;
    auto authority = readDataSource(proto.trusted_ca());
    if (!authority)
        return at("trusted_ca", authority.error());
    rules.trustedCa = std::move(*authority);
    if (proto.has_trusted_ca() && rules.trustedCa.empty())
        return failure(ErrorCode::InvalidArgument, "trusted_ca is empty");
    rules.allowExpired = proto.allow_expired_certificate();
    rules.acceptUntrusted
        = proto.trust_chain_verification() == tls::CertificateValidationContext::ACCEPT_UNTRUSTED;
    for (const auto& matcher : proto.match_typed_subject_alt_names()) {
        auto name = compileName(matcher);
        if (!name)
            return at("match_typed_subject_alt_names", name.error());
        rules.names.push_back(std::move(*name));
    }
    return rules;
}

void ValidationRules::applyTo(net::TlsOptions& options) const
{
    options.trustedCa = trustedCa;
    options.subjectAltNames = names;
    options.allowExpired = allowExpired;
    options.acceptUntrusted = acceptUntrusted;
}

Result<std::shared_ptr<const Secret>> Secret::compile(const tls::Secret& proto)
{
    const std::string place = "secret '" + proto.name() + "'";
    auto secret = std::make_shared<Secret>();
    secret->name = proto.name();
    net::TlsOptions probe;
    auto side = net::TlsContext::Side::Client;
    if (proto.has_tls_certificate()) {
        auto certificate = readCertificate(proto.tls_certificate());
        if (!certificate)
            return at(place, certificate.error());
        secret->certificate = std::move(*certificate);
        probe.certificates = {*secret->certificate};
        side = net::TlsContext::Side::Server;
    } else if (proto.has_validation_context()) {
        auto rules = ValidationRules::compile(proto.validation_context());
        if (!rules)
            return at(place, rules.error());
        if (rules->trustedCa.empty() && !rules->acceptUntrusted)
            return failure(ErrorCode::InvalidArgument,
                place + ": validation_context without trusted_ca would verify nothing");
        secret->validation = std::move(*rules);
        probe.trustedCa = secret->validation->trustedCa;
    } else {
        return failure(ErrorCode::InvalidArgument,
            place + ": only tls_certificate and validation_context are supported");
    }
    // What no context can be made of is refused now, while the old one is still in force.
    if (auto made = net::TlsContext::make(side, probe); !made)
        return at(place, made.error());
    return secret;
}

} // namespace meshyard::proxy
