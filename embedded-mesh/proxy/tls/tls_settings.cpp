// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/tls/tls_settings.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/extensions/transport_sockets/raw_buffer/v3/raw_buffer.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"

#include <algorithm>

namespace meshyard::proxy {

namespace {

namespace tls = envoy::extensions::transport_sockets::tls::v3;
using RawBuffer = envoy::extensions::transport_sockets::raw_buffer::v3::RawBuffer;
using Version = net::TlsOptions::Version;

Result<Version> compileVersion(
    tls::TlsParameters::TlsProtocol proto, Version automatic, const char* field)
{
    switch (proto) {
    case tls::TlsParameters::TLS_AUTO:
        return automatic;
    case tls::TlsParameters::TLSv1_2:
        return Version::Tls12;
    case tls::TlsParameters::TLSv1_3:
        return Version::Tls13;
    default:
        return failure(ErrorCode::InvalidArgument,
            std::string(field) + ": only TLSv1_2 and TLSv1_3 are supported");
    }
}

/// "[A|B]:C" of BoringSSL is a group of equals; OpenSSL knows only an order.
std::vector<std::string> cipherNames(const std::string& text)
{
    std::vector<std::string> names(1);
    for (const char c : text) {
        if (c == '[' || c == ']')
            continue;
        if (c == '|' || c == ':')
            names.emplace_back();
        else
            names.back() += c;
    }
    std::erase(names, std::string());
    return names;
}

Result<void> compileParameters(const tls::TlsParameters& proto, net::TlsOptions& options)
{
    if (auto known = refuseUnknownFields(proto); !known)
        return known;
    auto minimum = compileVersion(proto.tls_minimum_protocol_version(), Version::Tls12,
        "tls_params.tls_minimum_protocol_version");
    auto maximum = compileVersion(proto.tls_maximum_protocol_version(), Version::Tls13,
        "tls_params.tls_maximum_protocol_version");
    if (!minimum || !maximum)
        return tl::unexpected(minimum ? maximum.error() : minimum.error());
    options.minimum = *minimum;
    options.maximum = *maximum;
    for (const std::string& entry : proto.cipher_suites()) {
        for (std::string& name : cipherNames(entry))
            options.cipherSuites.push_back(std::move(name));
    }
    options.curves.assign(proto.ecdh_curves().begin(), proto.ecdh_curves().end());
    if (proto.signature_algorithms_size() > 0 || proto.compliance_policies_size() > 0) {
        return failure(ErrorCode::InvalidArgument,
            "tls_params: signature_algorithms and compliance_policies are not supported");
    }
    return {};
}

/// @return its key in the SecretTable.
Result<std::string> secretKey(
    const tls::SdsSecretConfig& proto, TlsSettings& settings, const char* field)
{
    const auto& source = proto.sds_config();
    if (proto.name().empty())
        return failure(ErrorCode::InvalidArgument, std::string(field) + ": name is empty");
    if (source.has_path_config_source()) {
        settings.files.push_back(
            FileSecret::fromSds(source.path_config_source().path(), proto.name()));
        return settings.files.back().key;
    }
    if (proto.has_sds_config() && !source.has_ads() && !source.has_self()) {
        return failure(ErrorCode::InvalidArgument,
            std::string(field)
                + ".sds_config: only the config sources 'ads' and 'path_config_source' are "
                  "supported");
    }
    return proto.name();
}

Result<void> compileValidation(const tls::CommonTlsContext& proto, TlsSettings& settings)
{
    const tls::CertificateValidationContext* rules = nullptr;
    const tls::SdsSecretConfig* secret = nullptr;
    if (proto.has_validation_context()) {
        rules = &proto.validation_context();
    } else if (proto.has_validation_context_sds_secret_config()) {
        secret = &proto.validation_context_sds_secret_config();
    } else if (proto.has_combined_validation_context()) {
        const auto& combined = proto.combined_validation_context();
        rules = &combined.default_validation_context();
        secret = &combined.validation_context_sds_secret_config();
    }
    if (rules != nullptr && secret == nullptr && watchesFiles(*rules)) {
        settings.files.push_back(FileSecret::from(*rules));
        settings.validationSecret = settings.files.back().key;
        std::vector<std::string> files;
        return settings.files.back().load(files).map([](const auto&) { });
    }
    if (rules != nullptr && watchesFiles(*rules)) {
        return failure(ErrorCode::InvalidArgument,
            "default_validation_context: watched_directory is not supported beside a secret");
    }
    if (rules != nullptr) {
        auto compiled = ValidationRules::compile(*rules);
        if (!compiled)
            return at("validation_context", compiled.error());
        compiled->applyTo(settings.options);
    }
    if (secret != nullptr) {
        auto name = secretKey(*secret, settings, "validation_context_sds_secret_config");
        if (!name)
            return tl::unexpected(name.error());
        settings.validationSecret = std::move(*name);
    }
    return {};
}

Result<void> compileCommon(const tls::CommonTlsContext& proto, TlsSettings& settings)
{
    if (auto known = refuseUnknownFields(proto); !known)
        return known;
    if (auto done = compileParameters(proto.tls_params(), settings.options); !done)
        return done;
    for (const auto& certificate : proto.tls_certificates()) {
        if (watchesFiles(certificate)) {
            settings.files.push_back(FileSecret::from(certificate));
            settings.certificateSecrets.push_back(settings.files.back().key);
            std::vector<std::string> files;
            if (auto loaded = settings.files.back().load(files); !loaded)
                return at("tls_certificates", loaded.error());
            continue;
        }
        auto read = readCertificate(certificate);
        if (!read)
            return at("tls_certificates", read.error());
        settings.options.certificates.push_back(std::move(*read));
    }
    for (const auto& secret : proto.tls_certificate_sds_secret_configs()) {
        auto name = secretKey(secret, settings, "tls_certificate_sds_secret_configs");
        if (!name)
            return tl::unexpected(name.error());
        settings.certificateSecrets.push_back(std::move(*name));
    }
    settings.options.alpn.assign(proto.alpn_protocols().begin(), proto.alpn_protocols().end());
    return compileValidation(proto, settings);
}

Result<void> compileDownstream(const tls::DownstreamTlsContext& proto, TlsSettings& settings)
{
    if (auto known = refuseUnknownFields(proto); !known)
        return known;
    settings.options.requireClientCertificate = proto.require_client_certificate().value();
    settings.options.requireServerName = proto.require_sni().value();
    settings.options.resumes = !proto.disable_stateless_session_resumption();
    return compileCommon(proto.common_tls_context(), settings);
}

Result<void> compileUpstream(const tls::UpstreamTlsContext& proto, TlsSettings& settings)
{
    if (auto known = refuseUnknownFields(proto); !known)
        return known;
    settings.options.serverName = proto.sni();
    settings.options.resumes
        = !proto.has_max_session_keys() || proto.max_session_keys().value() > 0;
    return compileCommon(proto.common_tls_context(), settings);
}

/// Refuses what no context can be made of, as far as it is known before the secrets.
Result<void> probe(const TlsSettings& settings)
{
    net::TlsOptions options = settings.options;
    TlsSettings::Side side = settings.side;
    if (!settings.certificateSecrets.empty() && options.certificates.empty())
        side = TlsSettings::Side::Client;
    if (!settings.validationSecret.empty())
        options.subjectAltNames.clear(); // their trust comes with the secret
    return net::TlsContext::make(side, options).map([](const auto&) { });
}

} // namespace

Result<std::shared_ptr<const TlsSettings>> TlsSettings::compile(
    const envoy::config::core::v3::TransportSocket& socket, Side side)
{
    const auto& any = socket.typed_config();
    if (any.Is<RawBuffer>())
        return std::shared_ptr<const TlsSettings>();
    auto settings = std::make_shared<TlsSettings>();
    settings->side = side;
    settings->key = socket.SerializeAsString();
    tls::DownstreamTlsContext downstream;
    tls::UpstreamTlsContext upstream;
    Result<void> done = failure(ErrorCode::InvalidArgument,
        "'" + socket.name() + "' (" + any.type_url() + ") is not supported here");
    if (side == Side::Server && any.UnpackTo(&downstream))
        done = compileDownstream(downstream, *settings);
    else if (side == Side::Client && any.UnpackTo(&upstream))
        done = compileUpstream(upstream, *settings);
    if (done)
        done = probe(*settings);
    if (!done)
        return at("transport_socket", done.error());
    return settings;
}

std::vector<std::string> TlsSettings::secretNames() const
{
    std::vector<std::string> names = certificateSecrets;
    if (!validationSecret.empty())
        names.push_back(validationSecret);
    return names;
}

bool TlsSettings::isReady(const SecretTable& secrets) const
{
    return std::ranges::all_of(
        secretNames(), [&](const std::string& name) { return secrets.contains(name); });
}

Result<std::shared_ptr<const net::TlsContext>> TlsSettings::build(const SecretTable& secrets) const
{
    net::TlsOptions full = options;
    for (const std::string& name : secretNames()) {
        const auto found = secrets.find(name);
        if (found == secrets.end())
            return failure(ErrorCode::NotFound, "secret '" + name + "' is not known yet");
        const Secret& secret = *found->second;
        if (name == validationSecret && secret.validation) {
            const ValidationRules& rules = *secret.validation;
            full.trustedCa = rules.trustedCa.empty() ? full.trustedCa : rules.trustedCa;
            full.subjectAltNames.insert(
                full.subjectAltNames.end(), rules.names.begin(), rules.names.end());
            full.allowExpired = full.allowExpired || rules.allowExpired;
            full.acceptUntrusted = full.acceptUntrusted || rules.acceptUntrusted;
        } else if (name != validationSecret && secret.certificate) {
            full.certificates.push_back(*secret.certificate);
        } else {
            return failure(
                ErrorCode::InvalidArgument, "secret '" + name + "' is of the other kind");
        }
    }
    return net::TlsContext::make(side, full);
}

} // namespace meshyard::proxy
