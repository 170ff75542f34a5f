// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/core/breaker_policy.h"

#include <QTest>

using namespace meshyard;
using End = CallOutcome::End;

class BreakerPolicyTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judgesByTheDefaults_data();
    void judgesByTheDefaults();
    void exactCodesBeatClasses();
    void refusesUnknownWords();
};

void BreakerPolicyTest::judgesByTheDefaults_data()
{
    QTest::addColumn<int>("end");
    QTest::addColumn<int>("status");
    QTest::addColumn<int>("grpcStatus");
    QTest::addColumn<int>("verdict");
    const auto row = [](const char* name, End end, int status, int grpc, CallVerdict verdict) {
        QTest::newRow(name) << int(end) << status << grpc << int(verdict);
    };
    row("200", End::Response, 200, -1, CallVerdict::Success);
    row("301", End::Response, 301, -1, CallVerdict::Success);
    row("404", End::Response, 404, -1, CallVerdict::Ignored);
    row("429", End::Response, 429, -1, CallVerdict::SoftFailure);
    row("500", End::Response, 500, -1, CallVerdict::Failure);
    row("503", End::Response, 503, -1, CallVerdict::Failure);
    row("connect error", End::ConnectError, 0, -1, CallVerdict::Failure);
    row("reset", End::Reset, 0, -1, CallVerdict::Failure);
    row("timeout", End::Timeout, 0, -1, CallVerdict::Failure);
    row("caller cancelled", End::Cancelled, 0, -1, CallVerdict::Ignored);
    row("no endpoint", End::NoEndpoint, 0, -1, CallVerdict::Failure);
    row("gRPC OK", End::Response, 200, 0, CallVerdict::Success);
    row("gRPC UNAVAILABLE", End::Response, 200, 14, CallVerdict::Failure);
    row("gRPC RESOURCE_EXHAUSTED", End::Response, 200, 8, CallVerdict::SoftFailure);
    row("gRPC NOT_FOUND", End::Response, 200, 5, CallVerdict::Success);
    row("gRPC CANCELLED", End::Response, 200, 1, CallVerdict::Ignored);
}

void BreakerPolicyTest::judgesByTheDefaults()
{
    QFETCH(int, end);
    QFETCH(int, status);
    QFETCH(int, grpcStatus);
    QFETCH(int, verdict);
    CallOutcome outcome;
    outcome.end = static_cast<End>(end);
    outcome.status = status;
    outcome.grpcStatus = grpcStatus;
    QCOMPARE(int(BreakerPolicy().judge(outcome)), verdict);
}

void BreakerPolicyTest::exactCodesBeatClasses()
{
    BreakerPolicy policy;
    policy.ignoreOn = OutcomeSet::of({"501", "4xx"});
    policy.failureOn = OutcomeSet::of({"5xx", "404"});
    CallOutcome outcome;
    outcome.status = 501;
    QCOMPARE(int(policy.judge(outcome)), int(CallVerdict::Ignored));
    outcome.status = 404;
    QCOMPARE(int(policy.judge(outcome)), int(CallVerdict::Failure));
}

void BreakerPolicyTest::refusesUnknownWords()
{
    const std::string words[] = {"5xx", "bad-luck"};
    const auto set = OutcomeSet::parse(words);
    QVERIFY(!set);
    QVERIFY(set.error().message.find("bad-luck") != std::string::npos);
    const std::string good[] = {"Connect_Error", "GATEWAY-ERROR", "grpc:UNAVAILABLE", "418"};
    QVERIFY(OutcomeSet::parse(good).has_value());
}

QTEST_GUILESS_MAIN(BreakerPolicyTest)
#include "tst_breaker_policy.moc"
