// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/base64url.h"
#include "embedded-mesh/proxy/filter/jwks.h"

#include "jwt_signer.h"

#include <QTest>

using namespace meshyard;
using namespace meshyard::proxy;

class JwtTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void verifiesEachAlgorithm_data();
    void verifiesEachAlgorithm();
    void refusesForeignSignatures();
    void choosesKeysByIdAndAlgorithm();
    void noKeyServesAnotherAlgorithm();
    void refusesMalformedTokens_data();
    void refusesMalformedTokens();
    void readsClaims();
    void judgesTimes();
    void refusesKeySets_data();
    void refusesKeySets();
    void codesBase64Url();
};

namespace {

std::string plain(const char* header, const char* payload, const char* signature = "c2ln")
{
    return JwtSigner::encode(header) + '.' + JwtSigner::encode(payload) + '.' + signature;
}

} // namespace

void JwtTest::verifiesEachAlgorithm_data()
{
    QTest::addColumn<QByteArray>("algorithm");
    for (const char* name : {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256",
             "ES384", "ES512", "EdDSA"})
        QTest::newRow(name) << QByteArray(name);
}

void JwtTest::verifiesEachAlgorithm()
{
    QFETCH(QByteArray, algorithm);
    const JwtSigner signer(algorithm.toStdString(), "k1");
    const auto keys = KeySet::parse(signer.keySet());
    QVERIFY2(keys, keys ? "" : keys.error().message.c_str());
    const std::string text = signer.token(R"({"iss":"me"})");
    const Jwt token = parseJwt(text);
    QCOMPARE(token.error, JwtError::None);
    QCOMPARE((*keys)->verify(token), JwtError::None);

    const std::string forged = text.substr(0, text.find('.') + 1)
        + JwtSigner::encode(R"({"iss":"you"})") + text.substr(text.rfind('.'));
    QCOMPARE((*keys)->verify(parseJwt(forged)), JwtError::WrongSignature);
    std::string damaged = text;
    char& last = damaged[damaged.size() - 8];
    last = last == 'A' ? 'B' : 'A';
    QCOMPARE((*keys)->verify(parseJwt(damaged)), JwtError::WrongSignature);
}

void JwtTest::refusesForeignSignatures()
{
    const JwtSigner mine("ES256", "k1");
    const JwtSigner other("ES256", "k1");
    const auto keys = KeySet::parse(mine.keySet());
    const std::string text = other.token("{}");
    QCOMPARE((*keys)->verify(parseJwt(text)), JwtError::WrongSignature);
}

void JwtTest::choosesKeysByIdAndAlgorithm()
{
    const JwtSigner first("ES256", "k1");
    const JwtSigner second("ES256", "k2");
    const JwtSigner nameless("ES256", "");
    const auto keys = KeySet::parse("{\"keys\":[" + first.jwk() + "," + second.jwk() + "]}");
    const std::string text = second.token("{}");
    QCOMPARE((*keys)->verify(parseJwt(text)), JwtError::None);
    const std::string unknown = second.token("{}", R"({"alg":"ES256","kid":"k9"})");
    QCOMPARE((*keys)->verify(parseJwt(unknown)), JwtError::NoKey);
    const std::string anyKey = second.token("{}", R"({"alg":"ES256"})");
    QCOMPARE((*keys)->verify(parseJwt(anyKey)), JwtError::None);
    const std::string stranger = nameless.token("{}");
    QCOMPARE((*keys)->verify(parseJwt(stranger)), JwtError::WrongSignature);
}

void JwtTest::noKeyServesAnotherAlgorithm()
{
    const JwtSigner rsa("RS256", "");
    const auto keys = KeySet::parse(rsa.keySet());
    // An HMAC with the public key as its secret, and no signature at all.
    QCOMPARE(parseJwt(plain(R"({"alg":"HS256"})", "{}")).error, JwtError::AlgorithmNotSupported);
    QCOMPARE(parseJwt(plain(R"({"alg":"none"})", "{}", "")).error, JwtError::AlgorithmNotSupported);
    const std::string text = rsa.token("{}", R"({"alg":"ES256"})");
    QCOMPARE((*keys)->verify(parseJwt(text)), JwtError::NoKey);
    const std::string pss = rsa.token("{}", R"({"alg":"PS256"})");
    QCOMPARE((*keys)->verify(parseJwt(pss)), JwtError::WrongSignature);
    std::string bound = rsa.jwk();
    bound.insert(1, R"("alg":"RS512",)");
    const auto boundKeys = KeySet::parse("{\"keys\":[" + bound + "]}");
    const std::string sha256 = rsa.token("{}");
    QCOMPARE((*boundKeys)->verify(parseJwt(sha256)), JwtError::NoKey);
}

void JwtTest::refusesMalformedTokens_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<int>("error");
    const auto row = [](const char* name, const std::string& text, JwtError error) {
        QTest::newRow(name) << QByteArray::fromStdString(text) << static_cast<int>(error);
    };
    const char* const good = R"({"alg":"RS256"})";
    row("empty", "", JwtError::NotThreeSections);
    row("two sections", "a.b", JwtError::NotThreeSections);
    row("four sections", "a.b.c.d", JwtError::NotThreeSections);
    row("padding in the header", "e30=.e30.c2ln", JwtError::HeaderNotBase64);
    row("standard alphabet", "+/+/.e30.c2ln", JwtError::HeaderNotBase64);
    row("bits behind the end", "e31.e30.c2ln", JwtError::HeaderNotBase64);
    row("header is a list", plain("[]", "{}"), JwtError::HeaderNotJson);
    row("header with rubbish behind", plain(R"({"alg":"RS256"} x)", "{}"), JwtError::HeaderNotJson);
    row("two algorithms", plain(R"({"alg":"RS256","alg":"none"})", "{}"), JwtError::HeaderNotJson);
    row("no algorithm", plain("{}", "{}"), JwtError::AlgorithmMissing);
    row("algorithm is a number", plain(R"({"alg":1})", "{}"), JwtError::AlgorithmMissing);
    row("other case", plain(R"({"alg":"rs256"})", "{}"), JwtError::AlgorithmNotSupported);
    row("key id is a number", plain(R"({"alg":"RS256","kid":1})", "{}"), JwtError::KeyIdNotText);
    row("critical extension", plain(R"({"alg":"RS256","crit":["x"]})", "{}"),
        JwtError::CriticalNotSupported);
    row("payload", std::string(JwtSigner::encode(good)) + ".$.c2ln", JwtError::PayloadNotBase64);
    row("payload is text", plain(good, "\"a\""), JwtError::PayloadNotJson);
    row("two issuers", plain(good, R"({"iss":"a","iss":"b"})"), JwtError::PayloadNotJson);
    row("issuer is a list", plain(good, R"({"iss":["a"]})"), JwtError::ClaimOfWrongType);
    row("expiry is text", plain(good, R"({"exp":"1"})"), JwtError::ClaimOfWrongType);
    row("expiry before time", plain(good, R"({"exp":-1})"), JwtError::ClaimOfWrongType);
    row("expiry beyond numbers", plain(good, R"({"exp":1e300})"), JwtError::ClaimOfWrongType);
    row("audience is a number", plain(good, R"({"aud":[1]})"), JwtError::ClaimOfWrongType);
    row("no signature", plain(good, "{}", ""), JwtError::SignatureNotBase64);
    row("bad signature", plain(good, "{}", "*"), JwtError::SignatureNotBase64);
    row("deep", plain(good, ("{\"a\":" + std::string(40, '[') + std::string(40, ']') + "}").c_str()),
        JwtError::PayloadNotJson);
    row("invalid UTF-8", plain(good, "{\"a\":\"\xff\"}"), JwtError::PayloadNotJson);
    row("long", std::string(Jwt::kMaxSize + 1, 'a'), JwtError::TooLong);
}

void JwtTest::refusesMalformedTokens()
{
    QFETCH(QByteArray, text);
    QFETCH(int, error);
    QCOMPARE(static_cast<int>(parseJwt(text.toStdString()).error), error);
}

void JwtTest::readsClaims()
{
    const std::string text = plain(R"({"alg":"RS256","kid":"k"})",
        R"({"iss":"me","sub":"s","aud":["a","b"],"exp":200.9,"nbf":100,"iat":50})");
    const Jwt token = parseJwt(text);
    QCOMPARE(token.error, JwtError::None);
    QCOMPARE(token.keyId, std::string("k"));
    QCOMPARE(token.issuer, std::string("me"));
    QCOMPARE(token.subject, std::string("s"));
    QVERIFY((token.audiences == std::vector<std::string>{"a", "b"}));
    QCOMPARE(token.expiresAt.value(), std::int64_t(200));
    QCOMPARE(token.notBefore.value(), std::int64_t(100));
    QCOMPARE(parseJwt(plain(R"({"alg":"RS256"})", R"({"aud":"x"})")).audiences.size(),
        std::size_t(1));
}

void JwtTest::judgesTimes()
{
    const std::string text = plain(R"({"alg":"RS256"})", R"({"exp":1000,"nbf":500})");
    const Jwt token = parseJwt(text);
    const auto at = [&](int seconds) {
        return checkJwtTimes(
            token, WallTime{std::chrono::seconds(seconds)}, std::chrono::seconds(60));
    };
    QCOMPARE(at(439), JwtError::NotYetValid);
    QCOMPARE(at(440), JwtError::None);
    QCOMPARE(at(1060), JwtError::None);
    QCOMPARE(at(1061), JwtError::Expired);
}

void JwtTest::refusesKeySets_data()
{
    QTest::addColumn<QByteArray>("json");
    const auto row = [](const char* name, const std::string& json) {
        QTest::newRow(name) << QByteArray::fromStdString(json);
    };
    const JwtSigner ec("ES256", "");
    std::string offCurve = ec.jwk();
    const std::size_t x = offCurve.find("\"x\":\"") + 5;
    offCurve[x] = offCurve[x] == 'A' ? 'B' : 'A';
    std::string encryption = ec.jwk();
    encryption.insert(1, R"("use":"enc",)");
    row("no JSON", "x");
    row("no list", R"({"keys":{}})");
    row("empty list", R"({"keys":[]})");
    row("only a secret", R"({"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256"}]})");
    row("short RSA", "{\"keys\":[" + JwtSigner("RS256", "", 1024).jwk() + "]}");
    row("a point off the curve", "{\"keys\":[" + offCurve + "]}");
    row("for encryption", "{\"keys\":[" + encryption + "]}");
}

void JwtTest::refusesKeySets()
{
    QFETCH(QByteArray, json);
    QVERIFY(!KeySet::parse(json.toStdString()));
}

void JwtTest::codesBase64Url()
{
    for (const std::string& bytes : {std::string(), std::string("a"), std::string("ab"),
             std::string("abc"), std::string("\xff\xfe\x00", 3)}) {
        const std::string text = encodeBase64Url(bytes, Base64Padding::None);
        QCOMPARE(text, JwtSigner::encode(bytes));
        QCOMPARE(decodeBase64Url(text).value(), bytes);
        QCOMPARE(encodeBase64Url(bytes, Base64Padding::Padded).size() % 4, std::size_t(0));
    }
    QVERIFY(!decodeBase64Url("a"));
}

QTEST_GUILESS_MAIN(JwtTest)
#include "tst_jwt.moc"
