// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/policies.h"

#include <QTest>

using namespace meshyard;
using namespace meshyard::proxy;

class HeaderFormatTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void fillsIn_data();
    void fillsIn();
    void waitsForTheAnswer();
    void refuses_data();
    void refuses();
    void foldsLevels_data();
    void foldsLevels();
    void dropsWhatHasNoText();
};

namespace {

class Peer final : public ConnectionInfo
{
public:
    const net::SocketAddress& remoteAddress() const override { return m_remote; }
    const net::SocketAddress& localAddress() const override { return m_local; }
    std::string_view serverName() const override { return "shop.example"; }

private:
    net::SocketAddress m_remote = *net::SocketAddress::fromIp("10.1.2.3", 4567);
    net::SocketAddress m_local = *net::SocketAddress::fromIp("10.9.9.9", 8080);
};

struct Scene
{
    Peer peer;
    std::vector<HeaderView> headers{{"x-a", "alpha"}, {"X-Forwarded-For", "1.1.1.1, 2.2.2.2"}};
    RequestView view;
    RequestFacts facts{view, "route-1", "cluster-1", "node-1",
        WallTime{std::chrono::milliseconds(1'700'000'000'123)}};

    Scene()
    {
        view.method = "GET";
        view.authority = "shop";
        const std::string_view target = "/p?q=1";
        view.path = target.substr(0, 2);
        view.query = target.substr(3);
        view.headers = headers;
        view.connection = &peer;
    }
};

} // namespace

void HeaderFormatTest::fillsIn_data()
{
    QTest::addColumn<QByteArray>("format");
    QTest::addColumn<QByteArray>("value");
    const auto row = [](const char* format, const char* value) {
        QTest::newRow(format) << QByteArray(format) << QByteArray(value);
    };
    row("plain", "plain");
    row("100%%", "100%");
    row("%REQ(X-A)%", "alpha");
    row("<%REQ(x-b?x-a):2%>", "<al>");
    row("%REQ(x-none)%", "");
    row("%REQ(:path)%", "/p?q=1");
    row("%REQ(:authority)%", "shop");
    row("%PROTOCOL%", "HTTP/1.1");
    row("%ROUTE_NAME% %UPSTREAM_CLUSTER%", "route-1 cluster-1");
    row("%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%", "2.2.2.2");
    row("%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%", "10.1.2.3:4567");
    row("%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%", "10.1.2.3");
    row("%DOWNSTREAM_LOCAL_ADDRESS%", "10.9.9.9:8080");
    row("%DOWNSTREAM_LOCAL_PORT%", "8080");
    row("%REQUESTED_SERVER_NAME%", "shop.example");
    row("%START_TIME%", "2023-11-14T22:13:20.123Z");
    row("%START_TIME(%s.%3f)%", "1700000000.123");
    row("%START_TIME(%Y/%m/%d)%", "2023/11/14");
    row("%METHOD% %SCHEME%", "GET http");
}

void HeaderFormatTest::fillsIn()
{
    QFETCH(QByteArray, format);
    QFETCH(QByteArray, value);
    const auto compiled = HeaderFormat::compile(format.toStdString());
    QVERIFY2(compiled, compiled ? "" : compiled.error().message.c_str());
    const Scene scene;
    QCOMPARE(QByteArray::fromStdString(
                 compiled->isLiteral() ? compiled->text() : compiled->value(scene.facts)),
        value);
}

void HeaderFormatTest::waitsForTheAnswer()
{
    const auto format
        = HeaderFormat::compile("%REQ(x-a)%/%RESPONSE_CODE%/%RESP(x-r)%/%UPSTREAM_HOST%");
    QVERIFY(format && format->asksResponse());
    HeaderFormat bound;
    {
        const Scene scene;
        bound = format->bound(scene.facts);
    }
    const std::vector<HeaderView> headers{{"X-R", "rho"}};
    const ResponseFacts facts{201, headers, "10.0.0.1:90"};
    std::string out;
    bound.append(&facts, out);
    QCOMPARE(out, std::string("alpha/201/rho/10.0.0.1:90"));
}

void HeaderFormatTest::refuses_data()
{
    QTest::addColumn<QByteArray>("format");
    for (const char* format :
        {"%NONSENSE%", "%REQ%", "%REQ()%", "%REQ(a", "50%", "%REQ(a):x%", "%PROTOCOL(a)%", "%%%"})
        QTest::newRow(format) << QByteArray(format);
}

void HeaderFormatTest::refuses()
{
    QFETCH(QByteArray, format);
    const auto compiled = HeaderFormat::compile(format.toStdString());
    QVERIFY(!compiled);
    QVERIFY(compiled.error().code == ErrorCode::InvalidArgument);
}

void HeaderFormatTest::foldsLevels_data()
{
    QTest::addColumn<QByteArray>("levels");
    QTest::addColumn<QByteArray>("folded");
    const auto row = [](const char* name, const char* levels, const char* folded) {
        QTest::newRow(name) << QByteArray(levels) << QByteArray(folded);
    };
    // "-a" removes; "a=1" appends, "a:=1" overwrites, "a?=1" only if absent, "a!=1" only if there.
    row("in order", "a=1 b=2", "a=1 b=2");
    row("a later removal takes an earlier addition", "a=1 -a", "-a");
    row("an addition after a removal stays", "-a a=1", "-a a=1");
    row("overwriting replaces earlier additions", "a=1 a=2 a:=3", "a:=3");
    row("if absent after an addition", "a=1 a?=2", "a=1");
    row("if absent after a removal", "-a a?=2", "-a a=2");
    row("if there after an addition", "a=1 a!=2", "a:=2");
    row("if there after a removal", "-a a!=2", "-a");
    row("if there stays a question", "a!=2", "a!=2");
    row("names ignore case", "A=1 -a", "-a");
}

void HeaderFormatTest::foldsLevels()
{
    QFETCH(QByteArray, levels);
    QFETCH(QByteArray, folded);
    using Action = HeaderEdits::Action;
    HeaderEdits edits;
    for (const QByteArray& word : levels.split(' ')) {
        if (word.startsWith('-')) {
            edits.remove(word.mid(1).toStdString());
            continue;
        }
        const auto equals = word.indexOf('=');
        const char mark = word[equals - 1];
        const bool marked = mark == ':' || mark == '?' || mark == '!';
        const Action action = mark == ':' ? Action::Overwrite
            : mark == '?'                 ? Action::AddIfAbsent
            : mark == '!'                 ? Action::OverwriteIfExists
                                          : Action::Append;
        edits.add({word.left(equals - (marked ? 1 : 0)).toStdString(),
            word.mid(equals + 1).toStdString(), action, {}, false});
    }
    QByteArrayList words;
    for (const std::string& name : edits.removals)
        words += '-' + QByteArray::fromStdString(name);
    static const char* const kMarks[] = {"=", "?=", ":=", "!="};
    for (const auto& addition : edits.additions)
        words += QByteArray::fromStdString(addition.name)
            + kMarks[static_cast<int>(addition.action)] + QByteArray::fromStdString(addition.value);
    QCOMPARE(words.join(' '), folded);
}

void HeaderFormatTest::dropsWhatHasNoText()
{
    HeaderEdits edits;
    edits.add({"x-empty", {}, HeaderEdits::Action::Append,
        std::make_shared<HeaderFormat>(*HeaderFormat::compile("%REQ(x-none)%")), false});
    edits.add({"x-kept", {}, HeaderEdits::Action::Append,
        std::make_shared<HeaderFormat>(*HeaderFormat::compile("%REQ(x-none)%")), true});
    const Scene scene;
    HeaderEdits bound = edits.bound(scene.facts);
    bound.finish(nullptr);
    QCOMPARE(bound.additions.size(), std::size_t(1));
    QCOMPARE(bound.additions.front().name, std::string("x-kept"));
}

QTEST_GUILESS_MAIN(HeaderFormatTest)
#include "tst_header_format.moc"
