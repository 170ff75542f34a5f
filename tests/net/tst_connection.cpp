// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/connection.h"
#include "embedded-mesh/net/listener.h"

#include <QTemporaryDir>
#include <QTest>

#include <functional>
#include <memory>
#include <optional>

using namespace meshyard;
using namespace meshyard::net;
using namespace std::chrono_literals;

namespace {

/// One side of a connection that keeps what it hears.
class Side final : public ConnectionHandler
{
public:
    explicit Side(EventLoop& loop)
        : connection(loop, *this)
    {
    }
    void onConnected() override { connected = true; }
    void onData(std::string_view bytes) override
    {
        received += bytes;
        if (dataHook)
            dataHook();
    }
    void onPeerFinished() override { peerFinished = true; }
    void onWritable() override { ++writable; }
    void onClosed(const std::optional<Error>& reason) override
    {
        closed = true;
        error = reason;
    }

    Connection connection;
    std::string received;
    std::function<void()> dataHook;
    bool connected = false;
    bool peerFinished = false;
    bool closed = false;
    int writable = 0;
    std::optional<Error> error;
};

/// A listener, and a client connected through it.
class Pair final : public Acceptor
{
public:
    explicit Pair(const SocketAddress& address = SocketAddress::loopback(0))
        : loop(clock, 1ms)
        , client(loop)
        , server(loop)
    {
        auto made = Listener::listen(loop, *this, address);
        if (made)
            listener = std::move(*made);
    }
    void onAccepted(Fd fd) override
    {
        accepted = server.connection.adopt(std::move(fd)).has_value();
    }

    bool join()
    {
        return listener != nullptr && client.connection.connect(listener->address()).has_value()
            && spin([this] { return client.connected && accepted; });
    }
    /// Turns the loop until the condition holds; gives up after 5 s.
    bool spin(const std::function<bool()>& condition)
    {
        const TimePoint end = clock.now() + 5s;
        while (!condition() && clock.now() < end)
            loop.runOnce(10ms);
        return condition();
    }

    SteadyClock clock;
    EventLoop loop;
    Side client;
    Side server;
    bool accepted = false;
    std::unique_ptr<Listener> listener;
};

} // namespace

class ConnectionTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void exchangesBytesInOrder();
    void worksOverUnixSockets();
    void writesBeforeTheConnectionIsUp();
    void refusedConnectionsAreReported();
    void largeOutputBacksUpAndDrains();
    void pausedReadersGetNothingUntilResumed();
    void halfCloseLetsTheOtherSideAnswer();
    void resetsAreReported();
    void callbacksMayDestroyTheConnection();
    void aSecondListenerOnThePortIsRefused();
};

void ConnectionTest::exchangesBytesInOrder()
{
    Pair pair;
    QVERIFY(pair.join());
    pair.client.connection.write({"hello ", "", "there"});
    QVERIFY(pair.spin([&] { return pair.server.received == "hello there"; }));
    pair.server.connection.write("hi");
    QVERIFY(pair.spin([&] { return pair.client.received == "hi"; }));
    QCOMPARE(pair.client.connection.bytesWritten(), std::uint64_t{11});
    QCOMPARE(pair.server.connection.bytesRead(), std::uint64_t{11});
}

void ConnectionTest::worksOverUnixSockets()
{
    const QTemporaryDir folder;
    const auto address
        = SocketAddress::fromPath(folder.filePath(QStringLiteral("s")).toStdString());
    QVERIFY(address.has_value());
    {
        Pair pair(*address);
        QVERIFY(pair.join());
        pair.client.connection.write("over a path");
        QVERIFY(pair.spin([&] { return pair.server.received == "over a path"; }));
    }
    Pair again(*address);
    QVERIFY(again.join());
}

void ConnectionTest::writesBeforeTheConnectionIsUp()
{
    Pair pair;
    QVERIFY(pair.client.connection.connect(pair.listener->address()).has_value());
    pair.client.connection.write("early");
    pair.client.connection.finishWriting();
    QVERIFY(pair.spin([&] { return pair.server.peerFinished; }));
    QCOMPARE(pair.server.received, std::string("early"));
}

void ConnectionTest::refusedConnectionsAreReported()
{
    Pair pair;
    const SocketAddress dead = pair.listener->address();
    pair.listener.reset();
    if (pair.client.connection.connect(dead).has_value()) {
        QVERIFY(pair.spin([&] { return pair.client.closed; }));
        QCOMPARE(pair.client.error->code, ErrorCode::Unavailable);
    }
    QVERIFY(!pair.client.connected);
}

void ConnectionTest::largeOutputBacksUpAndDrains()
{
    Pair pair;
    QVERIFY(pair.join());
    pair.server.connection.pauseReading();
    const std::string block(1024 * 1024, 'x');
    std::size_t sent = 0;
    while (!pair.client.connection.isBackedUp()) {
        pair.client.connection.write(block);
        sent += block.size();
    }
    QCOMPARE(pair.client.writable, 0);
    pair.server.connection.resumeReading();
    QVERIFY(pair.spin([&] { return pair.server.received.size() == sent; }));
    QCOMPARE(pair.client.writable, 1);
    QVERIFY(!pair.client.connection.isBackedUp());
}

void ConnectionTest::pausedReadersGetNothingUntilResumed()
{
    Pair pair;
    QVERIFY(pair.join());
    pair.server.dataHook = [&] { pair.server.connection.pauseReading(); };
    pair.client.connection.write("one");
    QVERIFY(pair.spin([&] { return pair.server.received == "one"; }));
    pair.client.connection.write("two");
    pair.client.connection.finishWriting();
    for (int i = 0; i < 5; ++i)
        pair.loop.runOnce(1ms);
    QCOMPARE(pair.server.received, std::string("one"));
    pair.server.connection.resumeReading();
    QVERIFY(pair.spin([&] { return pair.server.received == "onetwo"; }));
    pair.server.connection.resumeReading();
    QVERIFY(pair.spin([&] { return pair.server.peerFinished; }));
}

void ConnectionTest::halfCloseLetsTheOtherSideAnswer()
{
    Pair pair;
    QVERIFY(pair.join());
    pair.client.connection.write("question");
    pair.client.connection.finishWriting();
    QVERIFY(pair.spin([&] { return pair.server.peerFinished; }));
    pair.server.connection.write("answer");
    pair.server.connection.finishWriting();
    QVERIFY(pair.spin([&] { return pair.client.closed && pair.server.closed; }));
    QCOMPARE(pair.client.received, std::string("answer"));
    QVERIFY(!pair.client.error.has_value());
    QVERIFY(!pair.server.error.has_value());
}

void ConnectionTest::resetsAreReported()
{
    Pair pair;
    QVERIFY(pair.join());
    pair.client.connection.abort();
    QVERIFY(pair.spin([&] { return pair.server.closed; }));
    QVERIFY(pair.server.error.has_value());
    QVERIFY(!pair.client.closed); // the one who closes hears nothing
}

void ConnectionTest::callbacksMayDestroyTheConnection()
{
    Pair pair;
    auto doomed = std::make_unique<Side>(pair.loop);
    doomed->dataHook = [&] { doomed.reset(); };
    QVERIFY(doomed->connection.connect(pair.listener->address()).has_value());
    QVERIFY(pair.spin([&] { return pair.accepted; }));
    pair.server.connection.write("boo");
    QVERIFY(pair.spin([&] { return doomed == nullptr; }));
    QVERIFY(pair.spin([&] { return pair.server.peerFinished; }));
}

void ConnectionTest::aSecondListenerOnThePortIsRefused()
{
    Pair pair;
    QVERIFY(pair.listener != nullptr);
    const auto second = Listener::listen(pair.loop, pair, pair.listener->address());
    QVERIFY(!second.has_value());
    QCOMPARE(second.error().code, ErrorCode::AlreadyExists);
}

QTEST_APPLESS_MAIN(ConnectionTest)
#include "tst_connection.moc"
