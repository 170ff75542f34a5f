// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/tls_context.h"

#include <map>
#include <memory>
#include <optional>

namespace envoy::config::core::v3 {
class DataSource;
}
namespace envoy::extensions::transport_sockets::tls::v3 {
class CertificateValidationContext;
class Secret;
class TlsCertificate;
} // namespace envoy::extensions::transport_sockets::tls::v3
namespace google::protobuf {
class Message;
}

namespace meshyard::proxy {

/// A CertificateValidationContext compiled: whom we believe.
struct ValidationRules
{
    std::string trustedCa; // PEM
    std::vector<net::SanTest> names;
    bool allowExpired = false;
    bool acceptUntrusted = false;

    static Result<ValidationRules> compile(
        const envoy::extensions::transport_sockets::tls::v3::CertificateValidationContext& proto);
    void applyTo(net::TlsOptions& options) const;
};

/// A Secret compiled: a certificate with its key, or rules for those of others. Never logged, never
/// dumped, never written to the disk.
struct Secret
{
    std::string name;
    std::optional<net::TlsCertificate> certificate;
    std::optional<ValidationRules> validation;

    /// Files are read here, keys and certificates checked.
    static Result<std::shared_ptr<const Secret>> compile(
        const envoy::extensions::transport_sockets::tls::v3::Secret& proto);
};

using SecretTable = std::map<std::string, std::shared_ptr<const Secret>>;

/// Content of a DataSource; an empty one is an empty text. Errors never quote the content.
Result<std::string> readDataSource(const envoy::config::core::v3::DataSource& source);

Result<net::TlsCertificate> readCertificate(
    const envoy::extensions::transport_sockets::tls::v3::TlsCertificate& proto);

/// A rule that is not understood must not be left out in silence: what it forbids would pass.
Result<void> refuseUnknownFields(const google::protobuf::Message& message);

} // namespace meshyard::proxy
