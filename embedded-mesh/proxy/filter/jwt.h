// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::proxy {

/// Signatures that are accepted: asymmetric ones only, so that no public key can serve as a secret.
enum class JwtAlgorithm : std::uint8_t {
    Rs256,
    Rs384,
    Rs512,
    Ps256,
    Ps384,
    Ps512,
    Es256,
    Es384,
    Es512,
    EdDsa,
};

std::optional<JwtAlgorithm> jwtAlgorithm(std::string_view name);

/// Why a token does not count; the words of jwtErrorText() are those of Envoy's answers.
enum class JwtError : std::uint8_t {
    None,
    Missing,
    TooLong,
    NotThreeSections,
    HeaderNotBase64,
    HeaderNotJson,
    AlgorithmMissing,
    AlgorithmNotSupported,
    KeyIdNotText,
    CriticalNotSupported,
    PayloadNotBase64,
    PayloadNotJson,
    ClaimOfWrongType,
    SignatureNotBase64,
    NotYetValid,
    Expired,
    UnknownIssuer,
    AudienceNotAllowed,
    SubjectNotAllowed,
    LifetimeNotAllowed,
    NoKey,
    WrongSignature,
    KeysMissing,
};

std::string_view jwtErrorText(JwtError error);

/// A token taken apart, its signature not yet looked at.
struct Jwt
{
    static constexpr std::size_t kMaxSize = 16 * 1024;

    JwtError error = JwtError::None; // anything else: the rest means nothing
    JwtAlgorithm algorithm = JwtAlgorithm::Rs256;
    std::string keyId;
    std::shared_ptr<const nlohmann::json> payload; // an object
    std::string_view payloadText; // base64url as it came; points into the input
    std::string_view signedText; // what the signature is over; points into the input
    std::string signature;
    std::string issuer;
    std::string subject;
    std::vector<std::string> audiences;
    std::optional<std::int64_t> expiresAt; // seconds since the epoch
    std::optional<std::int64_t> notBefore;
    std::optional<std::int64_t> issuedAt;
};

/// Strict JWS compact form (RFC 7515, 7519). Bounded by Jwt::kMaxSize; a pure function of its
/// input, never throws. Object keys that stand twice are refused.
Jwt parseJwt(std::string_view token);

/// None, NotYetValid or Expired.
JwtError checkJwtTimes(const Jwt& token, WallTime now, std::chrono::seconds skew);

} // namespace meshyard::proxy
