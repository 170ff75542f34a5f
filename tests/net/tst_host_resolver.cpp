// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/host_resolver.h"
#include "tests/support/fake_clock.h"

#include <QTest>

#include <memory>
#include <optional>

using namespace meshyard;
using namespace meshyard::net;
using namespace std::chrono_literals;

class HostResolverTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void literalsAnswerAtOnce();
    void namesAnswerThroughTheLoopAndAreKept();
    void unknownNamesFail();
    void destructionDropsWhatIsUnderWay();
};

void HostResolverTest::literalsAnswerAtOnce()
{
    const test::FakeClock clock;
    EventLoop loop(clock);
    HostResolver resolver(loop, 5s);
    std::string answer;
    resolver.resolve({"::1", 80}, [&](const auto& address) { answer = address->toString(); });
    QCOMPARE(answer, std::string("[::1]:80"));
}

void HostResolverTest::namesAnswerThroughTheLoopAndAreKept()
{
    test::FakeClock clock;
    EventLoop loop(clock);
    HostResolver resolver(loop, 5s);
    int answers = 0;
    const auto count = [&](const Result<SocketAddress>& address) {
        answers += address && address->isLoopback() && address->port() == 81 ? 1 : 0;
    };
    resolver.resolve({"localhost", 81}, count);
    resolver.resolve({"localhost", 81}, count); // joins the lookup under way
    QCOMPARE(answers, 0);
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (answers < 2 && std::chrono::steady_clock::now() < end)
        loop.runOnce(10ms);
    QCOMPARE(answers, 2);
    resolver.resolve({"localhost", 81}, count);
    QCOMPARE(answers, 3); // remembered
    resolver.forget({"localhost", 81});
    resolver.resolve({"localhost", 81}, count);
    QCOMPARE(answers, 3);
    while (answers < 4 && std::chrono::steady_clock::now() < end)
        loop.runOnce(10ms);
    clock.advance(6s);
    loop.runOnce(0ms);
    resolver.resolve({"localhost", 81}, count);
    QCOMPARE(answers, 4); // too old to be believed
}

void HostResolverTest::unknownNamesFail()
{
    const test::FakeClock clock;
    EventLoop loop(clock);
    HostResolver resolver(loop, 5s);
    std::optional<Error> error;
    resolver.resolve({"not a host name", 80}, [&](const auto& address) {
        if (!address)
            error = address.error();
    });
    const auto end = std::chrono::steady_clock::now() + 5s;
    while (!error && std::chrono::steady_clock::now() < end)
        loop.runOnce(10ms);
    QVERIFY(error.has_value());
    QCOMPARE(error->code, ErrorCode::Unavailable);
}

void HostResolverTest::destructionDropsWhatIsUnderWay()
{
    const test::FakeClock clock;
    EventLoop loop(clock);
    int answers = 0;
    for (int i = 0; i < 50; ++i) {
        HostResolver resolver(loop, 5s);
        resolver.resolve({"localhost", 81}, [&](const auto&) { ++answers; });
    }
    loop.runOnce(0ms);
    QCOMPARE(answers, 0);
}

QTEST_APPLESS_MAIN(HostResolverTest)
#include "tst_host_resolver.moc"
