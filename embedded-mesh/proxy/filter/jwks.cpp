// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/jwks.h"

#include "embedded-mesh/proxy/filter/base64url.h"

#include <nlohmann/json.hpp>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

namespace meshyard::proxy {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxKeys = 128;
constexpr int kLeastRsaBits = 2048; // RFC 7518 3.3
constexpr int kMostRsaBits = 8192; // what verification may cost

template <auto free> struct Freed
{
    template <typename T> void operator()(T* object) const { free(object); }
};
using Number = std::unique_ptr<BIGNUM, Freed<&BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<&OSSL_PARAM_BLD_free>>;
using Params = std::unique_ptr<OSSL_PARAM, Freed<&OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<&EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<&EVP_MD_CTX_free>>;
using EcSignature = std::unique_ptr<ECDSA_SIG, Freed<&ECDSA_SIG_free>>;

std::string textOf(const Json& json, const char* name)
{
    const auto found = json.find(name);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::string bytesOf(const Json& json, const char* name)
{
    return decodeBase64Url(textOf(json, name)).value_or(std::string());
}

const unsigned char* bytes(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

Number numberOf(std::string_view text)
{
    return Number(BN_bin2bn(bytes(text), static_cast<int>(text.size()), nullptr));
}

EVP_PKEY* keyFrom(const char* type, OSSL_PARAM_BLD* builder)
{
    const Params params(OSSL_PARAM_BLD_to_param(builder));
    const KeyContext context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    EVP_PKEY* key = nullptr;
    if (params == nullptr || context == nullptr || EVP_PKEY_fromdata_init(context.get()) <= 0
        || EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, params.get()) <= 0)
        return nullptr;
    return key;
}

const EVP_MD* digestOf(JwtAlgorithm algorithm)
{
    switch (algorithm) {
    case JwtAlgorithm::Rs256:
    case JwtAlgorithm::Ps256:
    case JwtAlgorithm::Es256:
        return EVP_sha256();
    case JwtAlgorithm::Rs384:
    case JwtAlgorithm::Ps384:
    case JwtAlgorithm::Es384:
        return EVP_sha384();
    case JwtAlgorithm::Rs512:
    case JwtAlgorithm::Ps512:
    case JwtAlgorithm::Es512:
        return EVP_sha512();
    case JwtAlgorithm::EdDsa:
        break;
    }
    return nullptr;
}

bool isPss(JwtAlgorithm algorithm)
{
    return algorithm == JwtAlgorithm::Ps256 || algorithm == JwtAlgorithm::Ps384
        || algorithm == JwtAlgorithm::Ps512;
}

/// JWS has the two numbers side by side, OpenSSL wants them in DER. @return empty = wrong size.
std::string derSignature(std::string_view raw, std::size_t half)
{
    if (raw.size() != 2 * half)
        return {};
    const EcSignature signature(ECDSA_SIG_new());
    Number r = numberOf(raw.substr(0, half));
    Number s = numberOf(raw.substr(half));
    if (signature == nullptr || r == nullptr || s == nullptr
        || ECDSA_SIG_set0(signature.get(), r.get(), s.get()) != 1)
        return {};
    static_cast<void>(r.release()); // the signature's now
    static_cast<void>(s.release());
    unsigned char* out = nullptr;
    const int size = i2d_ECDSA_SIG(signature.get(), &out);
    if (size <= 0)
        return {};
    std::string der(reinterpret_cast<const char*>(out), static_cast<std::size_t>(size));
    OPENSSL_free(out);
    return der;
}

} // namespace

KeySet::KeyPointer KeySet::makeRsa(const Json& json)
{
    const std::string modulus = bytesOf(json, "n");
    const std::string exponent = bytesOf(json, "e");
    if (modulus.empty() || exponent.empty() || modulus.size() > kMostRsaBits / 8 + 1
        || exponent.size() > 8)
        return nullptr;
    const Number n = numberOf(modulus);
    const Number e = numberOf(exponent);
    const Builder builder(OSSL_PARAM_BLD_new());
    if (n == nullptr || e == nullptr || builder == nullptr || BN_num_bits(n.get()) < kLeastRsaBits
        || BN_num_bits(n.get()) > kMostRsaBits
        || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) != 1
        || OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) != 1)
        return nullptr;
    return KeyPointer(keyFrom("RSA", builder.get()));
}

KeySet::KeyPointer KeySet::makeEc(const Json& json, Kind& kind)
{
    struct Curve
    {
        std::string_view name;
        const char* group;
        std::size_t size;
        Kind kind;
    };
    static constexpr Curve kCurves[] = {{"P-256", "prime256v1", 32, Kind::P256},
        {"P-384", "secp384r1", 48, Kind::P384}, {"P-521", "secp521r1", 66, Kind::P521}};
    const std::string name = textOf(json, "crv");
    const auto* const curve = std::ranges::find(kCurves, name, &Curve::name);
    const std::string x = bytesOf(json, "x");
    const std::string y = bytesOf(json, "y");
    if (curve == std::end(kCurves) || x.size() != curve->size || y.size() != curve->size)
        return nullptr;
    kind = curve->kind;
    const std::string point = '\x04' + x + y;
    const Builder builder(OSSL_PARAM_BLD_new());
    if (builder == nullptr
        || OSSL_PARAM_BLD_push_utf8_string(
               builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0)
            != 1
        || OSSL_PARAM_BLD_push_octet_string(
               builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(), point.size())
            != 1)
        return nullptr;
    return KeyPointer(keyFrom("EC", builder.get())); // refuses points off the curve
}

KeySet::KeyPointer KeySet::makeEd25519(const Json& json)
{
    const std::string x = bytesOf(json, "x");
    if (textOf(json, "crv") != "Ed25519" || x.size() != 32)
        return nullptr;
    return KeyPointer(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(x), x.size()));
}

std::optional<KeySet::Key> KeySet::parseKey(const Json& json)
{
    if (!json.is_object())
        return std::nullopt;
    const std::string use = textOf(json, "use");
    if (!use.empty() && use != "sig")
        return std::nullopt;
    Key key;
    key.id = textOf(json, "kid");
    if (const std::string name = textOf(json, "alg"); !name.empty()) {
        key.algorithm = jwtAlgorithm(name);
        if (!key.algorithm)
            return std::nullopt;
    }
    const std::string type = textOf(json, "kty");
    if (type == "RSA") {
        key.key = makeRsa(json);
    } else if (type == "EC") {
        key.key = makeEc(json, key.kind);
    } else if (type == "OKP") {
        key.kind = Kind::Ed25519;
        key.key = makeEd25519(json);
    }
    ERR_clear_error();
    if (key.key == nullptr)
        return std::nullopt;
    return key;
}

Result<std::shared_ptr<const KeySet>> KeySet::parse(std::string_view text)
{
    const Json json = Json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("keys") || !json["keys"].is_array())
        return failure(ErrorCode::InvalidArgument, "Jwks is no JSON object with a list of keys");
    auto set = std::make_shared<KeySet>();
    for (const Json& item : json["keys"]) {
        if (set->m_keys.size() == kMaxKeys)
            return failure(ErrorCode::InvalidArgument, "Jwks has too many keys");
        if (auto key = parseKey(item))
            set->m_keys.push_back(std::move(*key));
    }
    if (set->m_keys.empty())
        return failure(ErrorCode::InvalidArgument, "Jwks doesn't have any valid public key");
    return set;
}

bool KeySet::serves(const Key& key, const Jwt& token)
{
    if (!key.id.empty() && !token.keyId.empty() && key.id != token.keyId)
        return false;
    if (key.algorithm && *key.algorithm != token.algorithm)
        return false;
    switch (token.algorithm) {
    case JwtAlgorithm::Es256:
        return key.kind == Kind::P256;
    case JwtAlgorithm::Es384:
        return key.kind == Kind::P384;
    case JwtAlgorithm::Es512:
        return key.kind == Kind::P521;
    case JwtAlgorithm::EdDsa:
        return key.kind == Kind::Ed25519;
    default:
        return key.kind == Kind::Rsa;
    }
}

bool KeySet::hasSigned(const Key& key, const Jwt& token)
{
    std::string signature = token.signature;
    if (key.kind == Kind::P256)
        signature = derSignature(signature, 32);
    else if (key.kind == Kind::P384)
        signature = derSignature(signature, 48);
    else if (key.kind == Kind::P521)
        signature = derSignature(signature, 66);
    const DigestContext context(EVP_MD_CTX_new());
    EVP_PKEY_CTX* options = nullptr; // the context's
    if (signature.empty() || context == nullptr
        || EVP_DigestVerifyInit(
               context.get(), &options, digestOf(token.algorithm), nullptr, key.key.get())
            != 1)
        return false;
    if (isPss(token.algorithm)
        && (EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) != 1
            || EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST) != 1))
        return false;
    return EVP_DigestVerify(context.get(), bytes(signature), signature.size(),
               bytes(token.signedText), token.signedText.size())
        == 1;
}

JwtError KeySet::verify(const Jwt& token) const
{
    bool served = false;
    for (const Key& key : m_keys) {
        if (!serves(key, token))
            continue;
        served = true;
        const bool good = hasSigned(key, token);
        ERR_clear_error();
        if (good)
            return JwtError::None;
    }
    return served ? JwtError::WrongSignature : JwtError::NoKey;
}

} // namespace meshyard::proxy
