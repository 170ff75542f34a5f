// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/proxy/filter/jwt.h"

#include <openssl/evp.h>

#include <memory>
#include <string>
#include <vector>

namespace meshyard::proxy {

/// Public keys that tokens of one issuer are signed with (RFC 7517).
///
/// Thread: immutable; shared by workers.
class KeySet final
{
public:
    /// Takes RSA (2048 bits and more), EC (P-256, P-384, P-521) and Ed25519 keys; keys of other
    /// kinds, secret ones above all, are left out. @return InvalidArgument when none is left.
    static Result<std::shared_ptr<const KeySet>> parse(std::string_view json);

    /// None, NoKey or WrongSignature.
    JwtError verify(const Jwt& token) const;
    std::size_t size() const { return m_keys.size(); }

private:
    struct FreeKey
    {
        void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    };
    using KeyPointer = std::unique_ptr<EVP_PKEY, FreeKey>;

    enum class Kind : std::uint8_t { Rsa, P256, P384, P521, Ed25519 };

    struct Key
    {
        std::string id;
        std::optional<JwtAlgorithm> algorithm; // the only one it serves
        Kind kind = Kind::Rsa;
        KeyPointer key;
    };

    static std::optional<Key> parseKey(const nlohmann::json& json);
    static KeyPointer makeRsa(const nlohmann::json& json);
    static KeyPointer makeEc(const nlohmann::json& json, Kind& kind);
    static KeyPointer makeEd25519(const nlohmann::json& json);
    static bool serves(const Key& key, const Jwt& token);
    static bool hasSigned(const Key& key, const Jwt& token);

    std::vector<Key> m_keys;
};

} // namespace meshyard::proxy
