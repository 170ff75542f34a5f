// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/h2_frame_guard.h"

#include <QTest>

#include <memory>

using namespace meshyard;
using namespace meshyard::http;

namespace {

enum : std::uint8_t {
    kData,
    kHeaders,
    kPriority,
    kReset,
    kSettings,
    kPush,
    kPing,
    kGoAway,
    kUpdate,
    kContinuation
};

std::string frame(
    std::uint8_t type, std::uint32_t stream, std::size_t length = 0, std::uint8_t flags = 0)
{
    std::string text;
    for (const int shift : {16, 8, 0})
        text.push_back(static_cast<char>(length >> shift));
    text.push_back(static_cast<char>(type));
    text.push_back(static_cast<char>(flags));
    for (const int shift : {24, 16, 8, 0})
        text.push_back(static_cast<char>(stream >> shift));
    return text + std::string(length, 'x');
}

} // namespace

class H2FrameGuardTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void countsEachKind_data();
    void countsEachKind();
    void findsFramesAcrossPieces();
    void saysWhereTheBadFrameBegins();
    void forgetsWithTime();
    void busyConnectionsMayCancel();
    void requestsEntitleToMore();
    void skippedStreamsMayNotBeOpened();
    void continuationsCountPerBlock();

private:
    H2Code feed(const std::string& bytes) { return m_guard->scan(bytes, m_now).error; }
    int framesUntilRefused(const std::string& one, int most)
    {
        for (int i = 1; i <= most; ++i) {
            if (feed(one) != H2Code::NoError)
                return i;
        }
        return 0;
    }

    std::unique_ptr<H2FrameGuard> m_guard;
    TimePoint m_now{std::chrono::hours(1)};
};

void H2FrameGuardTest::init()
{
    m_guard = std::make_unique<H2FrameGuard>(true);
    feed(std::string(kH2Preface));
}

void H2FrameGuardTest::countsEachKind_data()
{
    QTest::addColumn<int>("type");
    QTest::addColumn<int>("length");
    QTest::addColumn<int>("refusedAt");
    QTest::newRow("PING") << int(kPing) << 8 << 1001;
    QTest::newRow("SETTINGS") << int(kSettings) << 0 << 1001;
    QTest::newRow("unknown") << 99 << 0 << 1001;
    QTest::newRow("RST_STREAM") << int(kReset) << 4 << 201;
    QTest::newRow("PRIORITY") << int(kPriority) << 5 << 101;
    QTest::newRow("WINDOW_UPDATE") << int(kUpdate) << 4 << 101;
    QTest::newRow("empty DATA") << int(kData) << 0 << 101;
    QTest::newRow("CONTINUATION") << int(kContinuation) << 0 << 9;
    QTest::newRow("DATA") << int(kData) << 1 << 0;
}

void H2FrameGuardTest::countsEachKind()
{
    QFETCH(int, type);
    QFETCH(int, length);
    QFETCH(int, refusedAt);
    const std::string one
        = frame(static_cast<std::uint8_t>(type), 1, static_cast<std::size_t>(length));
    QCOMPARE(framesUntilRefused(one, 2000), refusedAt);
}

void H2FrameGuardTest::findsFramesAcrossPieces()
{
    std::string all;
    for (int i = 0; i < 1001; ++i)
        all += frame(kPing, 0, 8);
    H2Code last = H2Code::NoError;
    for (std::size_t at = 0; at < all.size() && last == H2Code::NoError; at += 7)
        last = feed(all.substr(at, 7));
    QCOMPARE(last, H2Code::EnhanceYourCalm);
}

void H2FrameGuardTest::saysWhereTheBadFrameBegins()
{
    const std::string good = frame(kHeaders, 5, 10);
    const auto finding = m_guard->scan(good + frame(kHeaders, 3, 10), m_now);
    QCOMPARE(finding.error, H2Code::ProtocolError);
    QCOMPARE(finding.bytes, good.size());
}

void H2FrameGuardTest::forgetsWithTime()
{
    for (int second = 0; second < 100; ++second) {
        for (int i = 0; i < 80; ++i)
            QCOMPARE(feed(frame(kPing, 0, 8)), H2Code::NoError);
        m_now += std::chrono::seconds(1);
    }
}

void H2FrameGuardTest::busyConnectionsMayCancel()
{
    // A third of the calls are cancelled: that is a bad day, not an attack.
    std::uint32_t id = 1;
    for (int i = 0; i < 3000; ++i, id += 2) {
        QCOMPARE(feed(frame(kHeaders, id, 10)), H2Code::NoError);
        if (i % 3 == 0)
            QCOMPARE(feed(frame(kReset, id, 4)), H2Code::NoError);
    }
    int resets = 0;
    while (feed(frame(kHeaders, id, 10)) == H2Code::NoError
        && feed(frame(kReset, id, 4)) == H2Code::NoError && resets < 5000) {
        id += 2;
        ++resets;
    }
    QVERIFY(resets < 5000); // but whoever only resets is stopped
}

void H2FrameGuardTest::requestsEntitleToMore()
{
    for (std::uint32_t id = 1; id < 2000; id += 2)
        feed(frame(kHeaders, id, 10));
    QCOMPARE(framesUntilRefused(frame(kUpdate, 0, 4), 5000), 2101);
    for (int i = 0; i < 100; ++i)
        m_guard->noteDataSent();
    QCOMPARE(framesUntilRefused(frame(kUpdate, 0, 4), 5000), 2000);
}

void H2FrameGuardTest::skippedStreamsMayNotBeOpened()
{
    QCOMPARE(feed(frame(kHeaders, 1, 4)), H2Code::NoError);
    QCOMPARE(feed(frame(kHeaders, 7, 4)), H2Code::NoError);
    QCOMPARE(feed(frame(kHeaders, 7, 4, 5)), H2Code::NoError); // trailers
    QCOMPARE(feed(frame(kHeaders, 1, 4, 5)), H2Code::NoError);
    QCOMPARE(feed(frame(kHeaders, 5, 4)), H2Code::ProtocolError);
}

void H2FrameGuardTest::continuationsCountPerBlock()
{
    for (std::uint32_t id = 1; id < 41; id += 2) {
        QCOMPARE(feed(frame(kHeaders, id, 4)), H2Code::NoError);
        for (int i = 0; i < 8; ++i)
            QCOMPARE(feed(frame(kContinuation, id, 4)), H2Code::NoError);
    }
}

QTEST_GUILESS_MAIN(H2FrameGuardTest)
#include "tst_h2_frame_guard.moc"
