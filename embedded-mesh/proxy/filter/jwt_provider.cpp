// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/jwt_provider.h"

#include "embedded-mesh/proxy/filter/base64url.h"
#include "embedded-mesh/proxy/filter/jwt_authn_proto.h"
#include "embedded-mesh/proxy/route/proto_values.h"

#include <nlohmann/json.hpp>

namespace meshyard::proxy {

namespace {

using Json = nlohmann::json;

constexpr std::string_view kMetadataName = "envoy.filters.http.jwt_authn";
constexpr std::size_t kMaxTokens = 8; // looked at in one request

bool isTokenChar(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-'
        || c == '_' || c == '.' || c == '+' || c == '/' || c == '=';
}

/// What stands behind the prefix, up to the first character that no token has.
std::string_view tokenIn(std::string_view value, std::string_view prefix)
{
    const std::size_t at = value.find(prefix);
    if (at == std::string_view::npos)
        return {};
    value.remove_prefix(at + prefix.size());
    const auto* const start = std::ranges::find_if(value, isTokenChar);
    const auto* const end = std::find_if_not(start, value.end(), isTokenChar);
    return {start, static_cast<std::size_t>(end - start)};
}

std::string_view pairValue(std::string_view pairs, char separator, std::string_view name)
{
    while (!pairs.empty()) {
        const std::size_t end = std::min(pairs.find(separator), pairs.size());
        const std::string_view pair = trimmed(pairs.substr(0, end));
        const std::size_t equals = pair.find('=');
        if (equals != std::string_view::npos && pair.substr(0, equals) == name)
            return pair.substr(equals + 1);
        pairs.remove_prefix(std::min(end + 1, pairs.size()));
    }
    return {};
}

const Json* claimAt(const Json& payload, const std::vector<std::string>& path)
{
    const Json* at = &payload;
    for (const std::string& key : path) {
        const auto found = at->is_object() ? at->find(key) : at->end();
        if (!at->is_object() || found == at->end())
            return nullptr;
        at = &*found;
    }
    return at;
}

/// As Envoy writes a claim into a header; structured ones in base64url.
std::string headerTextOf(const Json& claim)
{
    if (claim.is_string())
        return claim.get<std::string>();
    if (claim.is_object() || claim.is_array())
        return encodeBase64Url(claim.dump(-1, ' ', false, Json::error_handler_t::replace),
            Base64Padding::Padded);
    return claim.is_null() ? std::string() : claim.dump();
}

Json splitAtBlanks(const std::string& text)
{
    Json list = Json::array();
    std::string_view rest = text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (end > 0)
            list.push_back(std::string(rest.substr(0, end)));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return list;
}

} // namespace

Result<void> JwtProvider::compilePlaces(const Proto& proto)
{
    for (const auto& header : proto.from_headers()) {
        if (!isHeaderName(header.name()))
            return failure(
                ErrorCode::InvalidArgument, "from_headers: '" + header.name() + "' is no name");
        m_locations.push_back({Place::Header, header.name(), header.value_prefix()});
    }
    for (const std::string& name : proto.from_params())
        m_locations.push_back({Place::Query, name, {}});
    for (const std::string& name : proto.from_cookies())
        m_locations.push_back({Place::Cookie, name, {}});
    if (m_locations.empty()) {
        m_locations.push_back({Place::Header, "authorization", "Bearer "});
        m_locations.push_back({Place::Query, "access_token", {}});
    }
    return {};
}

Result<void> JwtProvider::compileKeys(const Proto& proto)
{
    if (proto.has_remote_jwks()) {
        auto source = JwksSource::compile(proto.remote_jwks());
        if (!source)
            return at("remote_jwks", source.error());
        m_remote = std::move(*source);
        return {};
    }
    if (!proto.has_local_jwks())
        return failure(ErrorCode::InvalidArgument, "neither remote_jwks nor local_jwks is set");
    auto text = readSource(proto.local_jwks());
    if (!text)
        return at("local_jwks", text.error());
    auto keys = KeySet::parse(*text);
    if (!keys)
        return at("local_jwks", keys.error());
    m_local = std::move(*keys);
    return {};
}

Result<void> JwtProvider::compileOutputs(const Proto& proto)
{
    m_forwards = proto.forward();
    m_payloadHeader = proto.forward_payload_header();
    m_padsPayload = proto.pad_forward_payload_header();
    m_metadataKey = proto.payload_in_metadata();
    m_clearsRoute = proto.clear_route_cache();
    const auto& lists = proto.normalize_payload_in_metadata().space_delimited_claims();
    m_listClaims.assign(lists.begin(), lists.end());
    if (!m_payloadHeader.empty() && !isHeaderName(m_payloadHeader))
        return failure(ErrorCode::InvalidArgument, "forward_payload_header is no header name");
    for (const auto& output : proto.claim_to_headers()) {
        if (!isHeaderName(output.header_name()) || output.claim_name().empty())
            return failure(
                ErrorCode::InvalidArgument, "claim_to_headers needs a header name and a claim");
        ClaimHeader header{output.header_name(), {}};
        std::string_view rest = output.claim_name();
        while (!rest.empty()) {
            const std::size_t dot = std::min(rest.find('.'), rest.size());
            header.path.emplace_back(rest.substr(0, dot));
            rest.remove_prefix(std::min(dot + 1, rest.size()));
        }
        m_claimHeaders.push_back(std::move(header));
    }
    return {};
}

Result<std::unique_ptr<const JwtProvider>> JwtProvider::compile(const Proto& proto)
{
    auto provider = std::make_unique<JwtProvider>();
    provider->m_issuer = proto.issuer();
    provider->m_audiences.assign(proto.audiences().begin(), proto.audiences().end());
    provider->m_requiresExpiration = proto.require_expiration();
    provider->m_maxLifetime = std::chrono::seconds(proto.max_lifetime().seconds());
    if (proto.clock_skew_seconds() > 0)
        provider->m_skew = std::chrono::seconds(proto.clock_skew_seconds());
    if (proto.has_subjects()) {
        auto subjects = StringTest::compile(proto.subjects());
        if (!subjects)
            return at("subjects", subjects.error());
        provider->m_subjects = std::move(*subjects);
    }
    for (auto step : {&JwtProvider::compilePlaces, &JwtProvider::compileKeys,
             &JwtProvider::compileOutputs}) {
        if (auto done = (provider.get()->*step)(proto); !done)
            return tl::unexpected(done.error());
    }
    return provider;
}

std::vector<JwtProvider::Found> JwtProvider::find(const RequestView& request) const
{
    std::vector<Found> found;
    const auto add = [&](const Location& location, std::string_view text) {
        if (!text.empty() && found.size() < kMaxTokens)
            found.push_back({&location, text});
    };
    for (const Location& location : m_locations) {
        if (location.place == Place::Query) {
            add(location, pairValue(request.query, '&', location.name));
            continue;
        }
        for (const HeaderView& field : request.headers) {
            if (location.place == Place::Cookie && equalsIgnoreCase(field.name, "cookie"))
                add(location, pairValue(field.value, ';', location.name));
            else if (location.place == Place::Header && equalsIgnoreCase(field.name, location.name))
                add(location, tokenIn(field.value, location.prefix));
        }
    }
    return found;
}

JwtError JwtProvider::judgeClaims(
    const Jwt& token, WallTime now, const std::vector<std::string>& audiences) const
{
    if (!m_issuer.empty() && token.issuer != m_issuer)
        return JwtError::UnknownIssuer;
    if (m_subjects && !m_subjects->matches(token.subject))
        return JwtError::SubjectNotAllowed;
    if (m_requiresExpiration && !token.expiresAt)
        return JwtError::LifetimeNotAllowed;
    if (m_maxLifetime.count() > 0) {
        const auto seconds = std::chrono::floor<std::chrono::seconds>(now).time_since_epoch();
        if (!token.expiresAt || *token.expiresAt - seconds.count() > m_maxLifetime.count())
            return JwtError::LifetimeNotAllowed;
    }
    if (const JwtError error = checkJwtTimes(token, now, m_skew); error != JwtError::None)
        return error;
    const bool heard = audiences.empty()
        || std::ranges::any_of(token.audiences, [&](const std::string& audience) {
               return std::ranges::find(audiences, audience) != audiences.end();
           });
    return heard ? JwtError::None : JwtError::AudienceNotAllowed;
}

JwtError JwtProvider::judge(
    const Jwt& token, const RequestPass& pass, const std::vector<std::string>& audiences) const
{
    if (token.error != JwtError::None)
        return token.error;
    const JwtError error
        = judgeClaims(token, pass.facts.startedAt, audiences.empty() ? m_audiences : audiences);
    if (error != JwtError::None)
        return error;
    const std::shared_ptr<const KeySet> keys = m_remote != nullptr ? m_remote->keys() : m_local;
    return keys == nullptr ? JwtError::KeysMissing : keys->verify(token);
}

JwtError JwtProvider::check(RequestPass& pass, const std::vector<std::string>& audiences) const
{
    const std::vector<Found> found = find(pass.request);
    if (found.empty())
        return JwtError::Missing;
    std::vector<Jwt> tokens;
    for (const Found& place : found) {
        // A bad token beside a good one might be the one that the upstream believes.
        tokens.push_back(parseJwt(place.text));
        if (const JwtError error = judge(tokens.back(), pass, audiences); error != JwtError::None)
            return error;
    }
    for (std::size_t i = 0; i < found.size(); ++i)
        accept(tokens[i], *found[i].location, pass);
    return JwtError::None;
}

void JwtProvider::dropForgedHeaders(RequestPass& pass) const
{
    if (!m_payloadHeader.empty())
        pass.removeHeader(m_payloadHeader);
    for (const ClaimHeader& claim : m_claimHeaders)
        pass.removeHeader(claim.header);
}

void JwtProvider::accept(const Jwt& token, const Location& location, RequestPass& pass) const
{
    if (!m_payloadHeader.empty()) {
        std::string text(token.payloadText);
        while (m_padsPayload && text.size() % 4 != 0)
            text.push_back('=');
        pass.setHeader(m_payloadHeader, std::move(text));
    }
    for (const ClaimHeader& claim : m_claimHeaders) {
        const Json* const value = claimAt(*token.payload, claim.path);
        std::string text = value == nullptr ? std::string() : headerTextOf(*value);
        if (!text.empty() && isHeaderValue(text))
            pass.setHeader(claim.header, std::move(text));
    }
    if (!m_metadataKey.empty())
        publish(token, pass);
    pass.state.rematches = pass.state.rematches || m_clearsRoute;
    if (!m_forwards && location.place == Place::Header)
        pass.removeHeader(location.name);
    else if (!m_forwards && location.place == Place::Query)
        pass.removeQueryParameter(location.name);
}

void JwtProvider::publish(const Jwt& token, RequestPass& pass) const
{
    auto payload = *token.payload;
    for (const std::string& claim : m_listClaims) {
        const auto found = payload.find(claim);
        if (found != payload.end() && found->is_string())
            *found = splitAtBlanks(found->get<std::string>());
    }
    const Json* const earlier = pass.state.metadata.find(kMetadataName);
    Json all = earlier == nullptr ? Json::object() : *earlier;
    all[m_metadataKey] = std::move(payload);
    pass.state.metadata.set(kMetadataName, std::make_shared<const Json>(std::move(all)));
}

} // namespace meshyard::proxy
