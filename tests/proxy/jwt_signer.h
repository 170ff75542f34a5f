// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

/// A fresh key pair that signs tokens, for tests.
class JwtSigner
{
public:
    /// @param algorithm as in a token's header, "RS256". @param id kid; may be empty.
    JwtSigner(std::string algorithm, std::string id, int rsaBits = 2048);

    /// The public key as a JWK.
    std::string jwk() const;
    std::string keySet() const { return "{\"keys\":[" + jwk() + "]}"; }
    /// @param payload JSON. @param header JSON; empty = alg and kid of this key.
    std::string token(std::string_view payload, std::string_view header = {}) const;

    static std::string encode(std::string_view bytes);

private:
    struct FreeKey
    {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    };

    std::string sign(std::string_view text) const;
    std::string number(const char* name, std::size_t size = 0) const;

    const std::string m_algorithm;
    const std::string m_id;
    std::unique_ptr<EVP_PKEY, FreeKey> m_key;
};
