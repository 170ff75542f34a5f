// SPDX-License-Identifier: GPL-3.0-or-later
#include "test_authority.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

namespace {

std::string pemOf(X509* certificate)
{
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    const std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

std::string pemOf(EVP_PKEY* key)
{
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    const std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
}

void addExtension(X509* certificate, X509* issuer, int nid, const std::string& value)
{
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

X509* begin(
    const std::string& name, EVP_PKEY* key, std::chrono::seconds from, std::chrono::seconds until)
{
    X509* const made = X509_new();
    X509_set_version(made, X509_VERSION_3);
    std::int64_t serial = 0;
    RAND_bytes(reinterpret_cast<unsigned char*>(&serial), 7);
    ASN1_INTEGER_set_int64(X509_get_serialNumber(made), serial);
    X509_gmtime_adj(X509_getm_notBefore(made), from.count());
    X509_gmtime_adj(X509_getm_notAfter(made), until.count());
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made), "CN", MBSTRING_UTF8,
        reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_pubkey(made, key);
    return made;
}

} // namespace

struct TestAuthority::Parts
{
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* certificate = nullptr;

    ~Parts()
    {
        X509_free(certificate);
        EVP_PKEY_free(key);
    }
};

TestAuthority::TestAuthority(const std::string& name)
    : m_parts(std::make_unique<Parts>())
{
    X509* const own = begin(name, m_parts->key, std::chrono::hours(-24), std::chrono::hours(24));
    X509_set_issuer_name(own, X509_get_subject_name(own));
    addExtension(own, own, NID_basic_constraints, "critical,CA:TRUE");
    addExtension(own, own, NID_key_usage, "critical,keyCertSign,cRLSign");
    addExtension(own, own, NID_subject_key_identifier, "hash");
    X509_sign(own, m_parts->key, EVP_sha256());
    m_parts->certificate = own;
}

TestAuthority::~TestAuthority() = default;

std::string TestAuthority::pem() const
{
    return pemOf(m_parts->certificate);
}

meshyard::net::TlsCertificate TestAuthority::issue(const Subject& subject) const
{
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const made = begin(subject.commonName, key, subject.from, subject.until);
    X509_set_issuer_name(made, X509_get_subject_name(m_parts->certificate));
    addExtension(made, m_parts->certificate, NID_basic_constraints, "CA:FALSE");
    addExtension(made, m_parts->certificate, NID_ext_key_usage, "serverAuth,clientAuth");
    std::string names;
    for (const std::string& uri : subject.uris)
        names += (names.empty() ? "URI:" : ",URI:") + uri;
    for (const std::string& dns : subject.dnsNames)
        names += (names.empty() ? "DNS:" : ",DNS:") + dns;
    if (!names.empty())
        addExtension(made, m_parts->certificate, NID_subject_alt_name, names);
    X509_sign(made, m_parts->key, EVP_sha256());
    const meshyard::net::TlsCertificate pair{pemOf(made), pemOf(key), {}};
    X509_free(made);
    EVP_PKEY_free(key);
    return pair;
}

meshyard::net::TlsCertificate TestAuthority::issueFor(const std::string& spiffePath) const
{
    Subject subject;
    subject.uris = {"spiffe://mesh.test/" + spiffePath};
    return issue(subject);
}
