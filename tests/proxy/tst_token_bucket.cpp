// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/token_bucket.h"

#include <QTest>

#include <thread>
#include <vector>

using namespace std::chrono_literals;
using meshyard::TimePoint;
using meshyard::proxy::TokenBucket;

class TokenBucketTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void startsFullAndRunsDry();
    void refillsEvenly();
    void neverHoldsMoreThanItsMaximum();
    void threadsGetNoMoreThanThereIs();
};

void TokenBucketTest::startsFullAndRunsDry()
{
    TokenBucket bucket(3, 1, 1s);
    const TimePoint now{1000s};
    QCOMPARE(bucket.tokens(now), 3U);
    for (int i = 0; i < 3; ++i)
        QVERIFY(bucket.take(now));
    QVERIFY(!bucket.take(now));
    QCOMPARE(bucket.tokens(now), 0U);
}

void TokenBucketTest::refillsEvenly()
{
    TokenBucket bucket(10, 10, 1s);
    TimePoint now{1000s};
    while (bucket.take(now))
        ;
    QVERIFY(!bucket.take(now + 99ms));
    QVERIFY(bucket.take(now + 101ms));
    QVERIFY(!bucket.take(now + 101ms));
    QVERIFY(bucket.untilNextToken(now + 101ms) > 90ms);
    QVERIFY(bucket.untilNextToken(now + 101ms) <= 100ms);
    QCOMPARE(bucket.untilNextToken(now + 301ms), TimePoint::duration::zero());
}

void TokenBucketTest::neverHoldsMoreThanItsMaximum()
{
    TokenBucket bucket(2, 100, 1s);
    const TimePoint later{3600s};
    QVERIFY(bucket.take(TimePoint{1s}));
    QCOMPARE(bucket.tokens(later), 2U);
    QVERIFY(bucket.take(later) && bucket.take(later) && !bucket.take(later));
}

void TokenBucketTest::threadsGetNoMoreThanThereIs()
{
    TokenBucket bucket(1000, 1, 3600s);
    std::atomic<int> taken{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i)
        threads.emplace_back([&] {
            for (int call = 0; call < 1000; ++call)
                taken += bucket.take(TimePoint{1s}) ? 1 : 0;
        });
    for (std::thread& thread : threads)
        thread.join();
    QCOMPARE(taken.load(), 1000);
}

QTEST_GUILESS_MAIN(TokenBucketTest)
#include "tst_token_bucket.moc"
