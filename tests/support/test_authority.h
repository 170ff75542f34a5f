// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/tls_context.h"

#include <chrono>
#include <memory>
#include <string>
#include <vector>

/// A certificate authority for tests: P-256 throughout, nothing touches the disk.
class TestAuthority
{
public:
    struct Subject
    {
        std::string commonName = "test";
        std::vector<std::string> uris;
        std::vector<std::string> dnsNames;
        std::chrono::seconds from{-3600}; // from now
        std::chrono::seconds until{3600};
    };

    explicit TestAuthority(const std::string& name);
    ~TestAuthority();

    /// Its own certificate: what a trust bundle holds.
    std::string pem() const;
    meshyard::net::TlsCertificate issue(const Subject& subject) const;
    /// The usual workload certificate, SAN spiffe://mesh.test/ns/…/sa/….
    meshyard::net::TlsCertificate issueFor(const std::string& spiffePath) const;

private:
    struct Parts;
    std::unique_ptr<Parts> m_parts;
};
