// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/retry_state.h"

#include "envoy/config/route/v3/route_components.pb.h"

#include <google/protobuf/util/json_util.h>

#include <QTest>

#include <set>

using namespace meshyard;
using namespace meshyard::proxy;
using namespace std::chrono_literals;

class RetriesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void conditions_data();
    void conditions();
    void compilesDefaults();
    void refusesWhatMakesNoSense_data();
    void refusesWhatMakesNoSense();
    void backsOffWithFullJitter();
    void waitsAsTheResponseAsks_data();
    void waitsAsTheResponseAsks();
    void requestHeadersLimitRetries();
    void headersAskTheRouter();
    void headersFromOutsideAskNothing();
    void perTryTimeoutYieldsToTheTimeout();
    void remembersHostsAndPriorities();
};

namespace {

Result<RetryRules> rulesOf(const QByteArray& json)
{
    envoy::config::route::v3::RetryPolicy policy;
    const auto done = google::protobuf::util::JsonStringToMessage(json.toStdString(), &policy);
    if (!done.ok())
        return failure(ErrorCode::InvalidArgument, done.ToString());
    return RetryRules::compile(policy);
}

RequestView viewOf(std::span<const HeaderView> headers)
{
    RequestView view;
    view.headers = headers;
    view.hasEnvoyHeaders = true;
    return view;
}

} // namespace

void RetriesTest::conditions_data()
{
    QTest::addColumn<QByteArray>("words");
    QTest::addColumn<QByteArray>("retried"); // of all the ends below
    const auto row = [](const char* words, const char* retried) {
        QTest::newRow(words) << QByteArray(words) << QByteArray(retried);
    };
    row("5xx", "500 503 504 599 connect before reset refused timeout");
    row("gateway-error", "503 504 connect before reset refused timeout");
    row("reset", "connect before reset refused timeout");
    row("reset-before-request", "connect before");
    row("connect-failure", "connect");
    row("refused-stream", "refused");
    row("retriable-4xx", "409");
    row("retriable-status-codes", "418");
    row("retriable-headers", "header");
    row("envoy-ratelimited", "limited");
    row("connect-failure, retriable-4xx ,nonsense", "409 connect");
    row("http3-post-connect-failure", "");
    row("", "");
}

void RetriesTest::conditions()
{
    QFETCH(QByteArray, words);
    QFETCH(QByteArray, retried);
    const auto rules = rulesOf("{\"retry_on\": \"" + words
        + R"(", "retriable_status_codes": [418], "retriable_headers": [{"name": "x-again", "present_match": true}]})");
    QVERIFY(rules);
    QByteArrayList ends;
    for (const int status : {200, 404, 409, 418, 500, 503, 504, 599}) {
        if (rules->retriesResponse(status, RequestView{}))
            ends.append(QByteArray::number(status));
    }
    const HeaderView again[] = {{"X-Again", ""}};
    if (rules->retriesResponse(200, viewOf(again)))
        ends.append("header");
    const HeaderView limited[] = {{"x-envoy-ratelimited", "true"}};
    if (rules->retriesResponse(503, viewOf(limited))) // even where 503 would be retried
        ends.append("limited");
    const std::pair<AttemptLoss, const char*> losses[] = {{AttemptLoss::Connect, "connect"},
        {AttemptLoss::ResetBeforeRequest, "before"}, {AttemptLoss::Reset, "reset"},
        {AttemptLoss::RefusedStream, "refused"}, {AttemptLoss::Timeout, "timeout"}};
    for (const auto& [loss, name] : losses) {
        if (rules->retriesLoss(loss))
            ends.append(name);
    }
    QCOMPARE(ends.join(' '), retried);
}

void RetriesTest::compilesDefaults()
{
    const auto rules = rulesOf(R"({"retry_on": "5xx"})");
    QCOMPARE(rules->retries, 1U);
    QVERIFY(rules->backOffBase == 25ms && rules->backOffMax == 250ms);
    QVERIFY(!rules->avoidsPreviousHosts);
    QCOMPARE(rules->hostAttempts, 1U);
    const auto base = rulesOf(R"({"retry_back_off": {"base_interval": "0.1s"}})");
    QVERIFY(base->backOffMax == 1s);
    QCOMPARE(rulesOf(R"({"num_retries": 0})")->retries, 0U);
}

void RetriesTest::refusesWhatMakesNoSense_data()
{
    QTest::addColumn<QByteArray>("policy");
    QTest::newRow("no base") << QByteArray(R"({"retry_back_off": {}})");
    QTest::newRow("maximum below base")
        << QByteArray(R"({"retry_back_off": {"base_interval": "1s", "max_interval": "0.5s"}})");
    QTest::newRow("unknown predicate")
        << QByteArray(R"({"retry_host_predicate": [{"name": "mine"}]})");
    QTest::newRow("unknown priority") << QByteArray(R"({"retry_priority": {"name": "mine"}})");
    QTest::newRow("reset header without a name")
        << QByteArray(R"({"rate_limited_retry_back_off": {"reset_headers": [{}]}})");
}

void RetriesTest::refusesWhatMakesNoSense()
{
    QFETCH(QByteArray, policy);
    QVERIFY(!rulesOf(policy));
}

void RetriesTest::backsOffWithFullJitter()
{
    const auto rules
        = rulesOf(R"({"retry_back_off": {"base_interval": "0.1s", "max_interval": "0.5s"}})");
    std::uint64_t random = 1;
    for (const auto& [retry, limit] :
        {std::pair{1U, 100ms}, {2U, 200ms}, {3U, 400ms}, {4U, 500ms}, {60U, 500ms}}) {
        Micros least = 1h;
        Micros most{0};
        for (int i = 0; i < 2000; ++i) {
            const Micros pause = rules->backOff(retry, nextRandom(random));
            least = std::min(least, pause);
            most = std::max(most, pause);
        }
        QVERIFY(least < limit / 50 && most < limit && most > limit * 49 / 50);
    }
}

void RetriesTest::waitsAsTheResponseAsks_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<int>("seconds"); // 0 = as if it said nothing
    const auto row = [](const char* name, const char* value, int seconds) {
        QTest::addRow("%s: %s", name, value) << QByteArray(name) << QByteArray(value) << seconds;
    };
    row("Retry-After", "5", 5);
    row("Retry-After", "0", 0);
    row("Retry-After", "Wed, 21 Oct 2015 07:28:00 GMT", 0);
    row("Retry-After", "61", 0); // above the maximum
    row("X-Reset", "1010", 10);
    row("X-Reset", "999", 0); // past
}

void RetriesTest::waitsAsTheResponseAsks()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    QFETCH(int, seconds);
    const auto rules = rulesOf(
        R"({"rate_limited_retry_back_off": {"max_interval": "60s", "reset_headers": [{"name": "retry-after"}, {"name": "x-reset", "format": "UNIX_TIMESTAMP"}]}})");
    const std::string nameText = name.toStdString();
    const std::string valueText = value.toStdString();
    const HeaderView headers[] = {{nameText, valueText}};
    const auto pause = rules->resetPause(viewOf(headers), 1000, 12345678901ULL);
    QCOMPARE(pause.has_value(), seconds > 0);
    if (pause) {
        const Micros asked = std::chrono::seconds(seconds);
        QVERIFY(*pause >= asked && *pause <= asked * 3 / 2);
    }
}

void RetriesTest::requestHeadersLimitRetries()
{
    ForwardAction route;
    route.retry = *rulesOf(
        R"({"retry_on": "5xx", "num_retries": 2, "retriable_request_headers": [{"name": "x-idempotent", "present_match": true}]})");
    RetryState state;
    state.begin(route, RequestView{}, true);
    QVERIFY(!state.mayRetry());
    const HeaderView headers[] = {{"x-idempotent", "1"}};
    state.begin(route, viewOf(headers), true);
    QVERIFY(state.mayRetry());
    state.noteAttempt(nullptr);
    QVERIFY(state.retriesResponse(500, RequestView{}));
    state.noteAttempt(nullptr);
    QVERIFY(state.retriesResponse(500, RequestView{}));
    state.noteAttempt(nullptr);
    QVERIFY(!state.retriesResponse(500, RequestView{}));
}

void RetriesTest::headersAskTheRouter()
{
    const ForwardAction route;
    const HeaderView headers[] = {{"X-Envoy-Retry-On", "retriable-status-codes,retriable-headers"},
        {"x-envoy-max-retries", "3"}, {"x-envoy-retriable-status-codes", "418, 404"},
        {"x-envoy-retriable-header-names", "x-again"}, {"x-envoy-upstream-rq-timeout-ms", "700"},
        {"x-envoy-upstream-rq-per-try-timeout-ms", "200"},
        {"x-envoy-upstream-rq-timeout-alt-response", ""}};
    RetryState state;
    state.begin(route, viewOf(headers), true);
    QVERIFY(state.timeout() == 700ms && state.perTryTimeout() == 200ms);
    QCOMPARE(state.timeoutStatus(), 204);
    const HeaderView again[] = {{"X-Again", ""}};
    for (int attempt = 1; attempt <= 4; ++attempt) {
        state.noteAttempt(nullptr);
        const bool left = attempt <= 3;
        QCOMPARE(state.retriesResponse(404, RequestView{}), left);
        QCOMPARE(state.retriesResponse(418, RequestView{}), left);
        QCOMPARE(state.retriesResponse(200, viewOf(again)), left);
        QVERIFY(!state.retriesResponse(503, RequestView{}));
    }
    const HeaderView once[] = {{"x-envoy-retry-on", "5xx"}};
    state.clear();
    state.begin(route, viewOf(once), true);
    state.noteAttempt(nullptr);
    QVERIFY(state.retriesResponse(503, RequestView{}));
    state.noteAttempt(nullptr);
    QVERIFY(!state.retriesResponse(503, RequestView{}));
    QCOMPARE(state.timeoutStatus(), 504);
}

void RetriesTest::headersFromOutsideAskNothing()
{
    const ForwardAction route;
    const HeaderView headers[]
        = {{"x-envoy-retry-on", "5xx"}, {"x-envoy-upstream-rq-timeout-ms", "700"}};
    RetryState state;
    state.begin(route, viewOf(headers), false);
    QVERIFY(!state.mayRetry());
    QVERIFY(state.timeout() == 15s);
}

void RetriesTest::perTryTimeoutYieldsToTheTimeout()
{
    ForwardAction route;
    route.timeout = 1s;
    route.retry.perTryTimeout = 1s;
    RetryState state;
    state.begin(route, RequestView{}, true);
    QVERIFY(state.perTryTimeout() == 0s);
    route.timeout = 0s;
    state.begin(route, RequestView{}, true);
    QVERIFY(state.perTryTimeout() == 1s);
}

void RetriesTest::remembersHostsAndPriorities()
{
    ForwardAction route;
    route.retry = *rulesOf(
        R"({"retry_on": "5xx", "num_retries": 5, "host_selection_retry_max_attempts": 4,
        "retry_host_predicate": [{"name": "envoy.retry_host_predicates.previous_hosts"}],
        "retry_priority": {"name": "p", "typed_config": {"@type": "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3.PreviousPrioritiesConfig", "update_frequency": 2}}})");
    EndpointSpec low;
    low.priority = 1;
    Endpoint first{EndpointSpec{}};
    Endpoint second(low);
    RetryState state;
    state.begin(route, RequestView{}, true);
    QVERIFY(state.pickContext().avoid.empty());
    state.noteAttempt(&first);
    QCOMPARE(state.pickContext().avoid.size(), std::size_t(1));
    QCOMPARE(state.pickContext().triedPriorities, 0U);
    state.noteAttempt(&second);
    QCOMPARE(state.pickContext().avoid.size(), std::size_t(2));
    QCOMPARE(state.pickContext().triedPriorities, 3U);
    QCOMPARE(state.pickContext().hostAttempts, 4U);
    route.retry.avoidsPreviousHosts = false;
    QVERIFY(state.pickContext().avoid.empty());
}

QTEST_GUILESS_MAIN(RetriesTest)
#include "tst_retries.moc"
