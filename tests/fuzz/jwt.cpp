// SPDX-License-Identifier: GPL-3.0-or-later
// First byte even: a token, held against keys nobody has the secret halves of, so none may be
// accepted. Odd: a key set.
#include "embedded-mesh/proxy/filter/jwt.h"
#include "embedded-mesh/proxy/filter/jwks.h"
#include "fuzz_input.h"

#include <nlohmann/json.hpp>

using namespace meshyard;
using fuzz::require;

namespace {

constexpr std::string_view kKeys
    = R"({"keys":[{"kty":"RSA","kid":"rsa-1","e":"AQAB","n":")"
      "u4xBsfWwfgCbOuma9v51kwciQ6ddpWwjePf7LQ3hJ7a6eiNxLTNkdhdaknqt4Oflul375DEleMOUHRfK"
      "jIKQfstSCgCtYt1340oAf_N7L2-THm8YR8QD82N_rYzbNuTeVisA9VERvkc-B_uwPq59mv4gl1gsb9up"
      "R7KbwgeQOSho2TdI2YkcA3XVwIl3B5RIsVGc0jPKuklFpId6N0c10aSMEcRm4Yt8EnTB1MmP-BtzTVkH"
      "70ddJxUCEO0OUomEeWBiGoWu6vsLcHsblGTpUXePbDWYNRV5i886Qd6RzyF8rJU1piAOXSvUN6Aazcfg"
      "RUnALil8ixe_pX8StGB6eQ"
      R"("},{"kty":"EC","kid":"ec-1","crv":"P-256","x":"yGWOH05UvgNa043RGKp1oAcfWINe9iNlW9WxPjqV_tY","y":"YdXte3TiwVhmkfrl6YmBg7RsMHTSMWxbspsJbrbj-p8"}]})";

void playToken(std::string_view text, const proxy::KeySet& keys)
{
    const proxy::Jwt token = proxy::parseJwt(text);
    require(!proxy::jwtErrorText(token.error).empty() || token.error == proxy::JwtError::None,
        "an error has its words");
    if (token.error != proxy::JwtError::None)
        return;
    require(token.payload != nullptr && token.payload->is_object(), "a payload is an object");
    require(text.starts_with(token.signedText), "what is signed stands first");
    (void)proxy::checkJwtTimes(
        token, WallTime(std::chrono::seconds(1'767'225'600)), std::chrono::seconds(60));
    require(keys.verify(token) != proxy::JwtError::None, "nobody can sign for us");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    static const auto keys = proxy::KeySet::parse(kKeys);
    require(keys && (*keys)->size() == 2, "our own keys are read");
    if (size == 0)
        return 0;
    const std::string_view text = fuzz::textOf(data + 1, size - 1);
    if (data[0] % 2 == 0)
        playToken(text, **keys);
    else if (const auto parsed = proxy::KeySet::parse(text))
        require((*parsed)->size() > 0, "an empty key set is refused");
    return 0;
}
