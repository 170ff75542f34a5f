// SPDX-License-Identifier: GPL-3.0-or-later
// Two sessions that talk to each other in memory: heads, bodies, windows, ends.
#include "embedded-mesh/http/h2_session.h"

#include <QTest>

#include <algorithm>
#include <map>

using namespace meshyard;
using namespace meshyard::http;

namespace {

class Stream final : public H2Stream
{
public:
    std::string method, path, authority, lines, body, trailers;
    BodyFraming framing;
    int status = 0;
    HeadError error = HeadError::None;
    bool hadEnd = false;
    bool holds = false;
    int writable = 0;
    std::optional<H2StreamEnd> ended;

private:
    static std::string fieldLines(const MessageHead& head)
    {
        std::string text;
        for (const Field& field : head.fields())
            text.append(head.name(field)).append("=").append(head.value(field)).append(";");
        return text;
    }
    void onRequest(const RequestHead& head, HeadError wrong) override
    {
        error = wrong;
        if (wrong != HeadError::None)
            return;
        method = head.methodText();
        path = head.path();
        authority = head.authority();
        framing = head.framing();
        lines = fieldLines(head);
    }
    void onResponse(const ResponseHead& head) override
    {
        status = head.status();
        framing = head.framing();
        lines = fieldLines(head);
    }
    void onBody(std::string_view bytes) override
    {
        body.append(bytes);
        if (holds)
            pauseReading();
    }
    void onEnd(std::string_view last) override
    {
        hadEnd = true;
        trailers = last;
    }
    void onWritable() override { ++writable; }
    void onStreamEnd(const H2StreamEnd& end) override { ended = end; }
};

class Side final : public H2SessionOwner
{
public:
    Side(H2Thread& thread, H2Session::Role role, const H2Options& options)
        : session(thread, *this, role, options)
    {
    }
    ~Side() override { session.abandon(); }

    void writeBytes(std::string_view bytes) override { out.append(bytes); }
    bool isWriteBackedUp() const override { return blocked; }
    H2Stream* openStream() override
    {
        streams.push_back(std::make_unique<Stream>());
        return streams.back().get();
    }
    void onGoAway() override { wentAway = true; }
    void onSessionOver() override { over = true; }

    std::string out;
    std::vector<std::unique_ptr<Stream>> streams;
    bool blocked = false;
    bool wentAway = false;
    bool over = false;
    H2Session session;
};

} // namespace

class H2SessionTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void carriesARequestAndItsAnswer();
    void framesBodiesByLength();
    void postWithoutBodySaysSo();
    void lowersNamesAndDropsHopByHopFields();
    void joinsCookieCrumbs();
    void carriesTrailers();
    void dropsWhatHasNoPlaceInTrailers();
    void windowsBoundWhatIsInFlight();
    void tellsWhenThereIsRoomAgain();
    void ownerBackPressureHoldsFramesBack();
    void answersBeforeTheEndStopTheCaller();
    void resetsReachTheOtherSide();
    void letGoTellsNobody();
    void goAwayMarksUnprocessedStreams();
    void drainLetsOpenStreamsEnd();
    void limitsConcurrentStreams();
    void countsHeaderFieldsAndBytes();
    void abandonEndsEveryStream();
    void garbageEndsTheSession();

private:
    void pump();
    Stream& call(std::string_view head, bool end);
    Stream& served(std::size_t index) { return *m_server->streams.at(index); }

    SteadyClock m_clock;
    std::unique_ptr<net::EventLoop> m_loop;
    std::unique_ptr<H2Thread> m_thread;
    std::unique_ptr<Side> m_client;
    std::unique_ptr<Side> m_server;
    std::vector<std::unique_ptr<Stream>> m_calls;
};

void H2SessionTest::init()
{
    m_loop = std::make_unique<net::EventLoop>(m_clock);
    m_thread = std::make_unique<H2Thread>(*m_loop);
    m_client = std::make_unique<Side>(*m_thread, H2Session::Role::Client, H2Options{});
    m_server = std::make_unique<Side>(*m_thread, H2Session::Role::Server, H2Options{});
    pump();
}

void H2SessionTest::cleanup()
{
    m_client.reset();
    m_server.reset();
    m_calls.clear();
    m_thread.reset();
    m_loop.reset();
}

void H2SessionTest::pump()
{
    for (int i = 0; i < 200; ++i) {
        m_loop->runOnce(Duration::zero());
        const std::string up = std::exchange(m_client->out, {});
        const std::string down = std::exchange(m_server->out, {});
        if (up.empty() && down.empty())
            return;
        if (!up.empty())
            m_server->session.receive(up);
        if (!down.empty())
            m_client->session.receive(down);
    }
}

Stream& H2SessionTest::call(std::string_view head, bool end)
{
    m_calls.push_back(std::make_unique<Stream>());
    m_client->session.open(*m_calls.back(), knownMethod(head.substr(0, head.find(' '))));
    m_calls.back()->sendHead(head, end);
    return *m_calls.back();
}

void H2SessionTest::carriesARequestAndItsAnswer()
{
    Stream& caller = call("GET /a?b=c HTTP/1.1\r\nhost: here:80\r\nx-one: 1\r\n\r\n", true);
    pump();
    Stream& stream = served(0);
    QCOMPARE(stream.method, std::string("GET"));
    QCOMPARE(stream.path, std::string("/a?b=c"));
    QCOMPARE(stream.authority, std::string("here:80"));
    QCOMPARE(stream.lines, std::string("x-one=1;"));
    QCOMPARE(stream.framing.kind, BodyKind::None);
    stream.sendHead("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n", false);
    stream.sendBody("hello");
    stream.sendEnd({});
    pump();
    QCOMPARE(caller.status, 200);
    QCOMPARE(caller.framing.kind, BodyKind::UntilClose);
    QCOMPARE(caller.body, std::string("hello"));
    QVERIFY(caller.hadEnd && caller.ended && stream.ended);
    QCOMPARE(stream.ended->code, H2Code::NoError);
    QCOMPARE(m_client->session.streamCount(), std::size_t(0));
    QCOMPARE(m_server->session.streamCount(), std::size_t(0));
}

void H2SessionTest::framesBodiesByLength()
{
    call("POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\n", false).sendBody("abc");
    m_calls[0]->sendEnd({});
    call("POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n", false);
    pump();
    QCOMPARE(served(0).framing, (BodyFraming{BodyKind::Length, 3}));
    QCOMPARE(served(1).framing.kind, BodyKind::Chunked);
    QVERIFY(served(0).hadEnd && !served(1).hadEnd);
    served(0).sendHead("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", true);
    pump();
    QCOMPARE(m_calls[0]->framing.kind, BodyKind::None);
}

void H2SessionTest::postWithoutBodySaysSo()
{
    call("POST / HTTP/1.1\r\nhost: h\r\n\r\n", true);
    pump();
    QCOMPARE(served(0).lines, std::string("content-length=0;"));
}

void H2SessionTest::lowersNamesAndDropsHopByHopFields()
{
    call("GET / HTTP/1.1\r\nhost: h\r\nX-Big: V\r\nConnection: x\r\nKeep-Alive: 1\r\n"
         "Upgrade: u\r\nte: trailers\r\n\r\n",
        true);
    pump();
    QCOMPARE(served(0).lines, std::string("x-big=V;te=trailers;"));
}

void H2SessionTest::joinsCookieCrumbs()
{
    call("GET / HTTP/1.1\r\nhost: h\r\ncookie: a=1\r\nx: y\r\ncookie: b=2\r\n\r\n", true);
    pump();
    QCOMPARE(served(0).lines, std::string("x=y;cookie=a=1; b=2;"));
}

void H2SessionTest::carriesTrailers()
{
    Stream& caller = call("POST / HTTP/1.1\r\nhost: h\r\n\r\n", false);
    caller.sendBody("x");
    caller.sendEnd("x-up: 1\r\n");
    pump();
    QCOMPARE(served(0).trailers, std::string("x-up: 1\r\n"));
    served(0).sendHead("HTTP/1.1 200 OK\r\n\r\n", false);
    served(0).sendEnd("grpc-status: 0\r\n");
    pump();
    QCOMPARE(caller.trailers, std::string("grpc-status: 0\r\n"));
}

void H2SessionTest::dropsWhatHasNoPlaceInTrailers()
{
    Stream& caller = call("POST / HTTP/1.1\r\nhost: h\r\n\r\n", false);
    caller.sendEnd("content-type: x\r\nauthorization: y\r\nx-ok: 1\r\nx-meshyard-peer: z\r\n");
    pump();
    QCOMPARE(served(0).trailers, std::string("x-ok: 1\r\n"));
}

void H2SessionTest::windowsBoundWhatIsInFlight()
{
    Stream& caller = call("POST / HTTP/1.1\r\nhost: h\r\n\r\n", false);
    pump();
    served(0).holds = true;
    caller.sendBody(std::string(1'000'000, 'a'));
    pump();
    QVERIFY(served(0).body.size() <= 64 * 1024);
    QVERIFY(served(0).body.size() > 60'000);
    QVERIFY(caller.isBackedUp());
    served(0).holds = false;
    served(0).resumeReading();
    pump();
    QCOMPARE(served(0).body.size(), std::size_t(1'000'000));
    QVERIFY(!caller.isBackedUp());
}

void H2SessionTest::tellsWhenThereIsRoomAgain()
{
    Stream& caller = call("POST / HTTP/1.1\r\nhost: h\r\n\r\n", false);
    caller.sendBody(std::string(10, 'a'));
    pump();
    QCOMPARE(caller.writable, 0); // was never backed up
    caller.sendBody(std::string(300'000, 'a'));
    pump();
    QCOMPARE(caller.writable, 1);
}

void H2SessionTest::ownerBackPressureHoldsFramesBack()
{
    m_client->blocked = true;
    Stream& caller = call("POST / HTTP/1.1\r\nhost: h\r\n\r\n", false);
    caller.sendBody("x");
    QVERIFY(caller.isBackedUp());
    pump();
    QVERIFY(m_server->streams.empty());
    m_client->blocked = false;
    m_client->session.onWriteRoom();
    QCOMPARE(caller.writable, 1);
    pump();
    QCOMPARE(served(0).body, std::string("x"));
}

void H2SessionTest::answersBeforeTheEndStopTheCaller()
{
    Stream& caller = call("POST / HTTP/1.1\r\nhost: h\r\n\r\n", false);
    pump();
    served(0).sendHead("HTTP/1.1 413 Content Too Large\r\n\r\n", true);
    pump();
    QCOMPARE(caller.status, 413);
    QVERIFY(caller.hadEnd && caller.ended);
    QCOMPARE(caller.ended->code, H2Code::NoError);
}

void H2SessionTest::resetsReachTheOtherSide()
{
    Stream& caller = call("GET / HTTP/1.1\r\nhost: h\r\n\r\n", true);
    pump();
    served(0).reset(H2Code::RefusedStream);
    pump();
    QVERIFY(caller.ended && caller.ended->unprocessed);
    Stream& other = call("GET / HTTP/1.1\r\nhost: h\r\n\r\n", true);
    pump();
    other.reset(H2Code::Cancel);
    pump();
    QCOMPARE(served(1).ended->code, H2Code::Cancel);
}

void H2SessionTest::letGoTellsNobody()
{
    Stream& caller = call("GET / HTTP/1.1\r\nhost: h\r\n\r\n", true);
    caller.letGo(H2Code::Cancel); // not even sent yet
    pump();
    QVERIFY(!caller.ended);
    Stream& other = call("GET / HTTP/1.1\r\nhost: h\r\n\r\n", true);
    pump();
    other.letGo(H2Code::Cancel);
    served(m_server->streams.size() - 1).sendHead("HTTP/1.1 200 OK\r\n\r\n", true);
    pump();
    QVERIFY(!other.ended && other.status == 0);
    QCOMPARE(m_client->session.streamCount(), std::size_t(0));
}

void H2SessionTest::goAwayMarksUnprocessedStreams()
{
    Stream& first = call("GET /1 HTTP/1.1\r\nhost: h\r\n\r\n", true);
    pump();
    m_server->session.shutdown();
    m_loop->runOnce(Duration::zero());
    Stream& second = call("GET /2 HTTP/1.1\r\nhost: h\r\n\r\n", true); // crosses the GOAWAY
    pump();
    QVERIFY(second.ended && second.ended->unprocessed);
    QVERIFY(!first.ended && m_client->wentAway && !m_client->session.hasRoom());
    served(0).sendHead("HTTP/1.1 200 OK\r\n\r\n", true);
    pump();
    QCOMPARE(first.status, 200);
    QVERIFY(m_server->over);
}

void H2SessionTest::drainLetsOpenStreamsEnd()
{
    m_server->session.announceShutdown();
    m_loop->runOnce(Duration::zero());
    Stream& crossing = call("GET / HTTP/1.1\r\nhost: h\r\n\r\n", true);
    pump();
    QCOMPARE(m_server->streams.size(), std::size_t(1)); // taken although it crossed the notice
    served(0).sendHead("HTTP/1.1 200 OK\r\n\r\n", true);
    pump();
    QCOMPARE(crossing.status, 200);
    QVERIFY(m_server->over);
}

void H2SessionTest::limitsConcurrentStreams()
{
    for (int i = 0; i < 100; ++i) {
        QVERIFY(m_client->session.hasRoom());
        call("GET / HTTP/1.1\r\nhost: h\r\n\r\n", true);
    }
    QVERIFY(!m_client->session.hasRoom());
    pump();
    served(0).sendHead("HTTP/1.1 200 OK\r\n\r\n", true);
    pump();
    QVERIFY(m_client->session.hasRoom());
}

void H2SessionTest::countsHeaderFieldsAndBytes()
{
    std::string many = "GET / HTTP/1.1\r\nhost: h\r\n";
    for (int i = 0; i < 101; ++i)
        many += "x" + std::to_string(i) + ": y\r\n";
    call(many + "\r\n", true);
    call("GET / HTTP/1.1\r\nhost: h\r\nx: " + std::string(61'400, 'v') + "\r\n\r\n", true);
    call("GET /" + std::string(17'000, 'p') + " HTTP/1.1\r\nhost: h\r\n\r\n", true);
    call("GET / HTTP/1.1\r\nhost: a@b\r\n\r\n", true);
    pump();
    QCOMPARE(served(0).error, HeadError::TooManyFields);
    QCOMPARE(served(1).error, HeadError::HeadTooLarge);
    QCOMPARE(served(2).error, HeadError::TargetTooLong);
    QCOMPARE(served(3).error, HeadError::BadHost);
}

void H2SessionTest::abandonEndsEveryStream()
{
    Stream& one = call("GET / HTTP/1.1\r\nhost: h\r\n\r\n", true);
    Stream& two = call("GET / HTTP/1.1\r\nhost: h\r\n\r\n", true);
    m_client->session.abandon();
    QVERIFY(one.ended && two.ended && !one.isBound());
    one.sendBody("nobody listens");
    one.reset(H2Code::Cancel);
}

void H2SessionTest::garbageEndsTheSession()
{
    m_server->session.receive(std::string(3, '\x7f') + std::string(100, '\xff'));
    pump();
    QVERIFY(m_server->over);
    Side fresh(*m_thread, H2Session::Role::Server, H2Options{});
    fresh.session.receive("GET / HTTP/1.1\r\nHost: h\r\n\r\n");
    m_loop->runOnce(Duration::zero());
    QVERIFY(fresh.over);
}

QTEST_GUILESS_MAIN(H2SessionTest)
#include "tst_h2_session.moc"
