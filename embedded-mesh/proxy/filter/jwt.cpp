// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/jwt.h"

#include "embedded-mesh/proxy/filter/base64url.h"

#include <nlohmann/json.hpp>

#include <array>
#include <cmath>
#include <set>

namespace meshyard::proxy {

namespace {

using Json = nlohmann::json;

constexpr int kMaxDepth = 32;
constexpr std::size_t kMaxAudiences = 64;

struct AlgorithmName
{
    std::string_view name;
    JwtAlgorithm algorithm;
};

constexpr std::array<AlgorithmName, 10> kAlgorithms{{
    {"RS256", JwtAlgorithm::Rs256},
    {"RS384", JwtAlgorithm::Rs384},
    {"RS512", JwtAlgorithm::Rs512},
    {"PS256", JwtAlgorithm::Ps256},
    {"PS384", JwtAlgorithm::Ps384},
    {"PS512", JwtAlgorithm::Ps512},
    {"ES256", JwtAlgorithm::Es256},
    {"ES384", JwtAlgorithm::Es384},
    {"ES512", JwtAlgorithm::Es512},
    {"EdDSA", JwtAlgorithm::EdDsa},
}};

/// Builds values and stops at what a careful reader would not guess about: a key that stands twice,
/// or nesting nobody needs.
class StrictReader final : public nlohmann::detail::json_sax_dom_parser<Json>
{
    using Base = nlohmann::detail::json_sax_dom_parser<Json>;

public:
    explicit StrictReader(Json& value)
        : Base(value, false)
    {
    }

    bool start_object(std::size_t size)
    {
        m_keys.emplace_back();
        return deeper() && Base::start_object(size);
    }
    bool end_object()
    {
        --m_depth;
        m_keys.pop_back();
        return Base::end_object();
    }
    bool start_array(std::size_t size) { return deeper() && Base::start_array(size); }
    bool end_array()
    {
        --m_depth;
        return Base::end_array();
    }
    bool key(std::string& name) { return m_keys.back().insert(name).second && Base::key(name); }

private:
    bool deeper() { return ++m_depth <= kMaxDepth; }

    int m_depth = 0;
    std::vector<std::set<std::string>> m_keys;
};

std::optional<Json> readObject(std::string_view text)
{
    Json value;
    StrictReader reader(value);
    if (!Json::sax_parse(text, &reader) || !value.is_object())
        return std::nullopt;
    return value;
}

/// @return false = it is there, but no text.
bool takeText(const Json& object, const char* name, std::string& out)
{
    const auto found = object.find(name);
    if (found == object.end())
        return true;
    if (!found->is_string())
        return false;
    out = found->get_ref<const std::string&>();
    return true;
}

/// @return false = it is there, but no point in time.
bool takeTime(const Json& object, const char* name, std::optional<std::int64_t>& out)
{
    constexpr double kFarthest = 9e15; // whole numbers end there
    const auto found = object.find(name);
    if (found == object.end())
        return true;
    if (!found->is_number())
        return false;
    const auto seconds = found->get<double>();
    if (!(seconds >= 0 && seconds <= kFarthest))
        return false;
    out = static_cast<std::int64_t>(std::floor(seconds));
    return true;
}

bool takeAudiences(const Json& payload, std::vector<std::string>& out)
{
    const auto found = payload.find("aud");
    if (found == payload.end())
        return true;
    if (found->is_string()) {
        out.push_back(found->get_ref<const std::string&>());
        return true;
    }
    if (!found->is_array() || found->size() > kMaxAudiences)
        return false;
    for (const Json& item : *found) {
        if (!item.is_string())
            return false;
        out.push_back(item.get_ref<const std::string&>());
    }
    return true;
}

JwtError readHeader(std::string_view text, Jwt& token)
{
    const auto bytes = decodeBase64Url(text);
    if (!bytes)
        return JwtError::HeaderNotBase64;
    const auto header = readObject(*bytes);
    if (!header)
        return JwtError::HeaderNotJson;
    const auto named = header->find("alg");
    if (named == header->end() || !named->is_string())
        return JwtError::AlgorithmMissing;
    const auto algorithm = jwtAlgorithm(named->get_ref<const std::string&>());
    if (!algorithm)
        return JwtError::AlgorithmNotSupported;
    token.algorithm = *algorithm;
    if (header->contains("crit")) // RFC 7515 4.1.11: what we do not understand must be refused
        return JwtError::CriticalNotSupported;
    return takeText(*header, "kid", token.keyId) ? JwtError::None : JwtError::KeyIdNotText;
}

JwtError readPayload(std::string_view text, Jwt& token)
{
    const auto bytes = decodeBase64Url(text);
    if (!bytes)
        return JwtError::PayloadNotBase64;
    auto payload = readObject(*bytes);
    if (!payload)
        return JwtError::PayloadNotJson;
    if (!takeText(*payload, "iss", token.issuer) || !takeText(*payload, "sub", token.subject)
        || !takeAudiences(*payload, token.audiences) || !takeTime(*payload, "exp", token.expiresAt)
        || !takeTime(*payload, "nbf", token.notBefore)
        || !takeTime(*payload, "iat", token.issuedAt))
        return JwtError::ClaimOfWrongType;
    token.payloadText = text;
    token.payload = std::make_shared<const Json>(std::move(*payload));
    return JwtError::None;
}

} // namespace

std::optional<JwtAlgorithm> jwtAlgorithm(std::string_view name)
{
    for (const AlgorithmName& known : kAlgorithms) {
        if (known.name == name)
            return known.algorithm;
    }
    return std::nullopt;
}

Jwt parseJwt(std::string_view text)
{
    Jwt token;
    const auto refuse = [&](JwtError error) {
        token.error = error;
        return std::move(token);
    };
    if (text.size() > Jwt::kMaxSize)
        return refuse(JwtError::TooLong);
    const std::size_t first = text.find('.');
    const std::size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
    if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos)
        return refuse(JwtError::NotThreeSections);
    if (const JwtError error = readHeader(text.substr(0, first), token); error != JwtError::None)
        return refuse(error);
    if (const JwtError error = readPayload(text.substr(first + 1, second - first - 1), token);
        error != JwtError::None)
        return refuse(error);
    auto signature = decodeBase64Url(text.substr(second + 1));
    if (!signature || signature->empty())
        return refuse(JwtError::SignatureNotBase64);
    token.signature = std::move(*signature);
    token.signedText = text.substr(0, second);
    return token;
}

JwtError checkJwtTimes(const Jwt& token, WallTime now, std::chrono::seconds skew)
{
    const std::int64_t seconds
        = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch().count();
    if (token.notBefore && seconds + skew.count() < *token.notBefore)
        return JwtError::NotYetValid;
    if (token.expiresAt && seconds - skew.count() > *token.expiresAt)
        return JwtError::Expired;
    return JwtError::None;
}

std::string_view jwtErrorText(JwtError error)
{
    switch (error) {
    case JwtError::None:
        return "OK";
    case JwtError::Missing:
        return "Jwt is missing";
    case JwtError::TooLong:
        return "Jwt is too long";
    case JwtError::NotThreeSections:
        return "Jwt is not in the form of Header.Payload.Signature with two dots and 3 sections";
    case JwtError::HeaderNotBase64:
        return "Jwt header is an invalid Base64url encoded";
    case JwtError::HeaderNotJson:
        return "Jwt header is an invalid JSON";
    case JwtError::AlgorithmMissing:
        return "Jwt header [alg] field is required and must be a string";
    case JwtError::AlgorithmNotSupported:
        return "Jwt header [alg] is not supported";
    case JwtError::KeyIdNotText:
        return "Jwt header [kid] field is not a string";
    case JwtError::CriticalNotSupported:
        return "Jwt header [crit] is not supported";
    case JwtError::PayloadNotBase64:
        return "Jwt payload is an invalid Base64url encoded";
    case JwtError::PayloadNotJson:
        return "Jwt payload is an invalid JSON";
    case JwtError::ClaimOfWrongType:
        return "Jwt payload has a field of the wrong type";
    case JwtError::SignatureNotBase64:
        return "Jwt signature is an invalid Base64url encoded";
    case JwtError::NotYetValid:
        return "Jwt not yet valid";
    case JwtError::Expired:
        return "Jwt is expired";
    case JwtError::UnknownIssuer:
        return "Jwt issuer is not configured";
    case JwtError::AudienceNotAllowed:
        return "Audiences in Jwt are not allowed";
    case JwtError::SubjectNotAllowed:
        return "Subject in Jwt is not allowed";
    case JwtError::LifetimeNotAllowed:
        return "Jwt lifetime is not allowed";
    case JwtError::NoKey:
        return "Jwks doesn't have key to match kid or alg from Jwt";
    case JwtError::WrongSignature:
        return "Jwt verification fails";
    case JwtError::KeysMissing:
        return "Jwks remote fetch is failed";
    }
    return "";
}

} // namespace meshyard::proxy
