// SPDX-License-Identifier: GPL-3.0-or-later
#include "jwt_signer.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/rsa.h>

#include <vector>

namespace {

const unsigned char* bytes(std::string_view text)
{
    return reinterpret_cast<const unsigned char*>(text.data());
}

std::string text(const std::vector<unsigned char>& bytes)
{
    return {bytes.begin(), bytes.end()};
}

bool isRsa(const std::string& algorithm)
{
    return algorithm[0] == 'R' || algorithm[0] == 'P';
}

std::size_t halfSize(const std::string& algorithm)
{
    if (algorithm == "ES256")
        return 32;
    return algorithm == "ES384" ? 48 : 66;
}

const char* curveName(const std::string& algorithm)
{
    if (algorithm == "ES256")
        return "P-256";
    return algorithm == "ES384" ? "P-384" : "P-521";
}

const EVP_MD* digest(const std::string& algorithm)
{
    if (algorithm == "EdDSA")
        return nullptr;
    if (algorithm.ends_with("256"))
        return EVP_sha256();
    return algorithm.ends_with("384") ? EVP_sha384() : EVP_sha512();
}

} // namespace

JwtSigner::JwtSigner(std::string algorithm, std::string id, int rsaBits)
    : m_algorithm(std::move(algorithm))
    , m_id(std::move(id))
{
    if (isRsa(m_algorithm))
        m_key.reset(EVP_RSA_gen(static_cast<unsigned>(rsaBits)));
    else if (m_algorithm == "EdDSA")
        m_key.reset(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
    else
        m_key.reset(EVP_EC_gen(curveName(m_algorithm)));
}

std::string JwtSigner::encode(std::string_view raw)
{
    std::vector<unsigned char> out(raw.size() * 4 / 3 + 8);
    const int size = EVP_EncodeBlock(out.data(), bytes(raw), static_cast<int>(raw.size()));
    std::string encoded(out.begin(), out.begin() + size);
    while (encoded.ends_with('='))
        encoded.pop_back();
    for (char& c : encoded)
        c = c == '+' ? '-' : c == '/' ? '_' : c;
    return encoded;
}

std::string JwtSigner::number(const char* name, std::size_t size) const
{
    BIGNUM* value = nullptr;
    EVP_PKEY_get_bn_param(m_key.get(), name, &value);
    const auto length = size == 0 ? static_cast<std::size_t>(BN_num_bytes(value)) : size;
    std::vector<unsigned char> out(length);
    BN_bn2binpad(value, out.data(), static_cast<int>(length));
    BN_free(value);
    return encode(text(out));
}

std::string JwtSigner::jwk() const
{
    const std::string common = m_id.empty() ? "" : ",\"kid\":\"" + m_id + "\"";
    if (isRsa(m_algorithm))
        return R"({"kty":"RSA","n":")" + number(OSSL_PKEY_PARAM_RSA_N) + R"(","e":")"
            + number(OSSL_PKEY_PARAM_RSA_E) + "\"" + common + "}";
    if (m_algorithm == "EdDSA") {
        std::vector<unsigned char> raw(32);
        std::size_t size = raw.size();
        EVP_PKEY_get_raw_public_key(m_key.get(), raw.data(), &size);
        return R"({"kty":"OKP","crv":"Ed25519","x":")" + encode(text(raw)) + "\"" + common + "}";
    }
    const std::size_t half = halfSize(m_algorithm);
    return R"({"kty":"EC","crv":")" + std::string(curveName(m_algorithm)) + R"(","x":")"
        + number(OSSL_PKEY_PARAM_EC_PUB_X, half) + R"(","y":")"
        + number(OSSL_PKEY_PARAM_EC_PUB_Y, half) + "\"" + common + "}";
}

std::string JwtSigner::sign(std::string_view message) const
{
    EVP_MD_CTX* const context = EVP_MD_CTX_new();
    EVP_PKEY_CTX* options = nullptr;
    EVP_DigestSignInit(context, &options, digest(m_algorithm), nullptr, m_key.get());
    if (m_algorithm[0] == 'P') {
        EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING);
        EVP_PKEY_CTX_set_rsa_pss_saltlen(options, RSA_PSS_SALTLEN_DIGEST);
    }
    std::size_t size = 0;
    EVP_DigestSign(context, nullptr, &size, bytes(message), message.size());
    std::vector<unsigned char> out(size);
    EVP_DigestSign(context, out.data(), &size, bytes(message), message.size());
    EVP_MD_CTX_free(context);
    out.resize(size);
    if (isRsa(m_algorithm) || m_algorithm == "EdDSA")
        return text(out);
    const unsigned char* at = out.data();
    ECDSA_SIG* const signature = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size));
    const auto half = static_cast<int>(halfSize(m_algorithm));
    std::vector<unsigned char> raw(static_cast<std::size_t>(half) * 2);
    BN_bn2binpad(ECDSA_SIG_get0_r(signature), raw.data(), half);
    BN_bn2binpad(ECDSA_SIG_get0_s(signature), raw.data() + half, half);
    ECDSA_SIG_free(signature);
    return text(raw);
}

std::string JwtSigner::token(std::string_view payload, std::string_view header) const
{
    std::string head(header);
    if (head.empty())
        head = R"({"alg":")" + m_algorithm + "\""
            + (m_id.empty() ? "" : R"(,"kid":")" + m_id + "\"") + "}";
    const std::string message = encode(head) + '.' + encode(payload);
    return message + '.' + encode(sign(message));
}
