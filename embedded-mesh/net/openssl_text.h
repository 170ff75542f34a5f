// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/tls_context.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>

namespace meshyard::net {

/// Owns an OpenSSL object.
template <auto Free> struct OpensslFree
{
    template <typename T> void operator()(T* object) const { Free(object); }
};
using X509Pointer = std::unique_ptr<X509, OpensslFree<X509_free>>;
using KeyPointer = std::unique_ptr<EVP_PKEY, OpensslFree<EVP_PKEY_free>>;
using BioPointer = std::unique_ptr<BIO, OpensslFree<BIO_free>>;

/// Reason of the oldest entry in this thread's error queue, which is emptied; else `fallback`.
std::string takeOpensslReason(const char* fallback);

/// Sentence for a stream that failed, with the verdict on the peer's certificate if that was it.
Error tlsFailure(SSL* ssl, bool handshaking);

/// Subject alternative names of that kind as text; IP addresses as numbers.
std::vector<std::string> subjectAltNames(X509* certificate, SanTest::Kind kind);

PeerIdentity identityOf(X509* certificate);
/// SHA-256, lower-case hex.
std::string fingerprintOf(X509* certificate);

/// Whether a certificate's DNS name, perhaps a wildcard for one label, stands for the host.
bool dnsNameCovers(std::string_view pattern, std::string_view host);

} // namespace meshyard::net
