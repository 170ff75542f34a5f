// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/control_plane/xds/session_script.h"

#include <QtTest>

using meshyard::test::SessionScript;

class SotwSessionTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answersAsTheProtocolSays_data();
    void answersAsTheProtocolSays();
    void givesTheSameVersionOnEveryStream();

private:
    static void subscriptionRows();
    static void verdictRows();
    static void byNameRows();
    static void warmingRows();
    static void orderRows();
    static void overrideRows();
    static void statusRows();
};

void SotwSessionTest::answersAsTheProtocolSays_data()
{
    QTest::addColumn<QByteArray>("script");
    subscriptionRows();
    verdictRows();
    byNameRows();
    warmingRows();
    orderRows();
    overrideRows();
    statusRows();
}

void SotwSessionTest::answersAsTheProtocolSays()
{
    QFETCH(QByteArray, script);
    const std::string played = SessionScript::play(script.toStdString());
    QCOMPARE(QByteArray::fromStdString(played), script);
}

void SotwSessionTest::subscriptionRows()
{
    const auto row
        = [](const char* name, const char* script) { QTest::newRow(name) << QByteArray(script); };
    row("empty names mean everything", "snap 1 C a=1 b=1\nreq CDS\n> CDS a=1 b=1\n");
    row("an explicit star means everything", "snap 1 C a=1 b=1\nreq CDS *\n> CDS a=1 b=1\n");
    row("a star beside names means everything once",
        "snap 1 C a=1 b=1\nreq CDS * a\n> CDS a=1 b=1\n");
    row("an empty set is an answer too", "snap 1\nreq CDS\n> CDS\n");
    row("an unknown node waits for its snapshot", "none\nreq CDS\nsnap 1 C a=1\n> CDS a=1\n");
    row("named clusters only", "snap 1 C a=1 b=1 c=1\nreq CDS c a\n> CDS a=1 c=1\n");
    row("names after a wildcard end it",
        "snap 1 C a=1 b=1\nreq CDS\n> CDS a=1 b=1\nack CDS a\nsnap 2 C a=1 b=2\nsnap 3 C a=2 "
        "b=2\n> CDS a=2\n");
    row("empty after names means none",
        "snap 1 C a=1\nreq CDS a\n> CDS a=1\nack CDS -\nsnap 2 C a=2\n");
    row("empty after a star means none",
        "snap 1 L a=1\nreq LDS *\n> LDS a=1\nack LDS -\nsnap 2 L a=2\n");
    row("a wildcard stays one with empty acks",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nack CDS\nsnap 2 C a=2 b=1\n> CDS a=2 b=1\n");
    row("endpoints have no wildcard", "snap 1 E a=1\nreq EDS\n");
    row("a listener by name, as gRPC clients ask",
        "snap 1 L greeter=1 x=1\nreq LDS greeter\n> LDS greeter=1\nack LDS\n");
    row("a missing listener is waited for",
        "snap 1 L x=1\nreq LDS greeter\nsnap 2 L x=1 greeter=1\n> LDS greeter=1\n");
    row("a vanished named listener is told by absence",
        "snap 1 L g=1 x=1\nreq LDS g x\n> LDS g=1 x=1\nack LDS\nsnap 2 L x=1\n> LDS x=1\n");
    row("an unknown type is ignored", "snap 1 C a=1\nother foo.v1.Bar\nreq CDS\n> CDS a=1\n");
    row("a missing type ends the stream",
        "snap 1 C a=1\nbad\n> end: type_url is missing: ADS needs it\n");
    row("the same version after a reconnect is not sent again",
        "snap 1 C a=1\nreq CDS ver=@\nstatus\n= in sync r1\nsnap 2 C a=2\n> CDS a=2\n");
    row("another version after a reconnect is", "snap 1 C a=1\nreq CDS a ver=@\n> CDS a=1\n");
    row("named endpoints are sent after a reconnect whatever version is claimed",
        "snap 1 E a=1\nreq EDS a ver=@\n> EDS a=1\n");
    row("a nonce of an earlier stream is a first request",
        "snap 1 C a=1\noldnonce CDS\n> CDS a=1\n");
}

void SotwSessionTest::verdictRows()
{
    const auto row
        = [](const char* name, const char* script) { QTest::newRow(name) << QByteArray(script); };
    row("an acknowledgement is not answered", "snap 1 C a=1\nreq CDS\n> CDS a=1\nack CDS\n");
    row("one response is out at a time",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nsnap 2 C a=2\nsnap 3 C a=3\nack CDS\n> CDS a=3\n");
    row("a change back while unacknowledged sends nothing",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nsnap 2 C a=2\nsnap 3 C a=1\nack CDS\n");
    row("a refused version is not sent again",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nnack CDS bad\ntick 5000\nnack CDS bad\nsnap 2 C a=1\n");
    row("after a refusal the next content is sent",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nnack CDS bad\nsnap 2 C a=2\n> CDS a=2\nack CDS\n"
        "status\n= in sync r2\n");
    row("a rollback after a refusal is sent",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nack CDS\nsnap 2 C a=2\n> CDS a=2\nnack CDS bad\n"
        "snap 3 C a=1\n> CDS a=1\nack CDS\nstatus\n= in sync r3\n");
    row("a refusal is told by error_detail alone",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nnack CDS\nstatus\n= behind: CDS refused 'refused "
        "without a message'\n");
    row("a stale nonce is ignored with its names",
        "snap 1 E a=1 b=1\nreq EDS a\n> EDS a=1\nack EDS\nsnap 2 E a=2 b=1\n> EDS a=2\n"
        "stale EDS a b\nack EDS a b\n> EDS b=1\n");
    row("a stale refusal is ignored",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nack CDS\nsnap 2 C a=2\n> CDS a=2\nstale CDS\nstatus\n"
        "= behind: CDS\nack CDS\nstatus\n= in sync r2\n");
    row("an acknowledged nonce is the newest still",
        "snap 1 E a=1 b=1\nreq EDS a\n> EDS a=1\nack EDS\nack EDS a b\n> EDS b=1\n");
    row("a refused endpoint goes along with the next change",
        "snap 1 E a=1 b=1\nreq EDS a b\n> EDS a=1 b=1\nnack EDS bad a\nsnap 2 E a=1 b=2\n"
        "> EDS b=2 a=1\nack EDS\nstatus\n= in sync r2\n");
    row("an unrelated change does not repeat a refused endpoint",
        "snap 1 E a=1 z=1\nreq EDS a\n> EDS a=1\nnack EDS bad\nsnap 2 E a=1 z=2\n");
}

void SotwSessionTest::byNameRows()
{
    const auto row
        = [](const char* name, const char* script) { QTest::newRow(name) << QByteArray(script); };
    row("only what changed is sent",
        "snap 1 E a=1 b=1\nreq EDS a b\n> EDS a=1 b=1\nack EDS\nsnap 2 E a=1 b=2\n> EDS b=2\n");
    row("known names are not withheld for a missing one",
        "snap 1 E a=1\nreq EDS a nowhere\n> EDS a=1\n");
    row("a missing name is quiet and sent when it appears",
        "snap 1 E a=1\nreq EDS b\nsnap 2 E a=1 b=1\n> EDS b=1\n");
    row("a new name at the old version is sent",
        "snap 1 R a=1 b=1\nreq RDS a\n> RDS a=1\nack RDS a b\n> RDS b=1\n");
    row("a name dropped and taken again is sent again",
        "snap 1 R a=1 b=1\nreq RDS a b\n> RDS a=1 b=1\nack RDS a\nack RDS a b\n> RDS b=1\n");
    row("a resource that comes back unchanged is sent again",
        "snap 1 E a=1\nreq EDS a\n> EDS a=1\nack EDS\nsnap 2\nsnap 3 E a=1\n> EDS a=1\n");
    row("a vanished endpoint set deletes nothing",
        "snap 1 E a=1 b=1\nreq EDS a b\n> EDS a=1 b=1\nack EDS\nsnap 2 E a=1\n");
    row("a change of what nobody asked for is not sent",
        "snap 1 R a=1 b=1\nreq RDS a\n> RDS a=1\nack RDS\nsnap 2 R a=1 b=2\n");
    row("every runtime layer is answered at once",
        "snap 1 T known=3\nreq RTDS meshyard-0 known\n> RTDS known=3 meshyard-0=empty\nack RTDS\n");
    row("a runtime layer that loses its values becomes empty",
        "snap 1 T l=0\nreq RTDS l\n> RTDS l=0\nack RTDS\nsnap 2\n> RTDS l=empty\n");
}

void SotwSessionTest::warmingRows()
{
    const auto row
        = [](const char* name, const char* script) { QTest::newRow(name) << QByteArray(script); };
    row("endpoints follow a changed cluster although they did not change",
        "snap 1 C a=1 E a=1\nreq CDS\n> CDS a=1\nack CDS\nreq EDS a\n> EDS a=1\nack EDS\n"
        "snap 2 C a=2 E a=1\n> CDS a=2\nack CDS\n> EDS a=1\nack EDS\n");
    row("only the changed cluster's endpoints follow",
        "snap 1 C a=1 b=1 E a=1 b=1\nreq CDS\n> CDS a=1 b=1\nack CDS\nreq EDS a b\n> EDS a=1 "
        "b=1\nack EDS\nsnap 2 C a=1 b=2 E a=1 b=1\n> CDS a=1 b=2\nack CDS\n> EDS b=1\nack EDS\n");
    row("the repeated endpoint request of a warming cluster is answered before the ACK",
        "snap 1 C a=1 E a=1\nreq CDS\n> CDS a=1\nack CDS\nreq EDS a\n> EDS a=1\nack EDS\n"
        "snap 2 C a=2 E a=1\n> CDS a=2\nack EDS\n> EDS a=1\nack CDS\nack EDS\n");
    row("a repeated request without a reason is not answered",
        "snap 1 C a=1 E a=1\nreq CDS\n> CDS a=1\nack CDS\nreq EDS a\n> EDS a=1\nack EDS\n"
        "ack EDS\n");
    row("endpoints of a new cluster come when asked",
        "snap 1 C a=1 E a=1\nreq CDS\n> CDS a=1\nack CDS\nreq EDS a\n> EDS a=1\nack EDS\n"
        "snap 2 C a=1 b=1 E a=1 b=1\n> CDS a=1 b=1\nack CDS\nack EDS a b\n> EDS b=1\nack EDS\n");
}

void SotwSessionTest::orderRows()
{
    const auto row
        = [](const char* name, const char* script) { QTest::newRow(name) << QByteArray(script); };
    const char* const joined
        = "snap 1 C a=1 E a=1 L l=1 R l=1\nreq CDS\n> CDS a=1\nack CDS\nreq EDS a\n> EDS a=1\n"
          "ack EDS\nreq LDS\n> LDS l=1\nreq RDS l\n> RDS l=1\nack LDS\nack RDS\n";
    const QByteArray start(joined);
    const auto after = [&start](const char* name, const char* script) {
        QTest::newRow(name) << QByteArray(start + script);
    };
    after("a join in Envoy's order ends in sync", "status\n= in sync r1\n");
    after("a route change alone goes at once",
        "snap 2 C a=1 E a=1 L l=1 R l=2\n> RDS l=2\nack RDS\nstatus\n= in sync r2\n");
    after("a route waits for its new cluster and the cluster's endpoints",
        "snap 2 C a=1 b=1 E a=1 b=1 L l=1 R l=2\n> CDS a=1 b=1\nack CDS\nack EDS a b\n> EDS b=1\n"
        "ack EDS\n> RDS l=2\n");
    after("a removed cluster goes last",
        "snap 2 C b=1 E b=1 L l=1 R l=2\n> CDS a=1 b=1\nack CDS\nack EDS b\n> EDS b=1\nack EDS\n"
        "> RDS l=2\nack RDS\n> CDS b=1\nack CDS\nstatus\n= in sync r2\n");
    after("a refused route keeps the cluster it still uses",
        "snap 2 E a=1 L l=1 R l=2\n> RDS l=2\nnack RDS bad\nsnap 3 L l=1 R l=3\n> RDS l=3\n"
        "ack RDS\n> CDS\n");
    after("a listener waits for clusters, a route for the listener",
        "snap 2 C a=2 E a=1 L l=2 R l=2\n> CDS a=2\nack CDS\n> EDS a=1\nack EDS\n> LDS l=2\n"
        "ack LDS\n> RDS l=2\n");
    after("a held-back route is sent after a second",
        "snap 2 C a=2 E a=1 L l=1 R l=2\n> CDS a=2\ntick 999\ntick 1\n> EDS a=1\n> RDS l=2\n");
    after("a refused cluster set does not hold routes back",
        "snap 2 C a=1 b=1 E a=1 b=1 L l=1 R l=2\n> CDS a=1 b=1\nnack CDS bad b\n> RDS l=2\n");
    row("without clusters on the stream listeners do not wait",
        "snap 1 C a=1 E a=1 L l=1 R l=1\nreq LDS l\n> LDS l=1\nack LDS\nreq RDS l\n> RDS l=1\n");
    row("routes asked for while the listener is unacknowledged are answered",
        "snap 1 L l=1 R l=1\nreq LDS\n> LDS l=1\nreq RDS l\n> RDS l=1\n");
    row("a reconnecting client gets clusters before routes",
        "snap 1 C a=1 E a=1 L l=1 R l=1\nreq CDS\n> CDS a=1\nreq EDS a\n> EDS a=1\nreq LDS\n"
        "req RDS l\nack CDS\nack EDS\n> LDS l=1\n> RDS l=1\n");
}

void SotwSessionTest::overrideRows()
{
    const auto row
        = [](const char* name, const char* script) { QTest::newRow(name) << QByteArray(script); };
    row("an override carries the time that is left",
        "snap 1 O trip=10\ntick 4000\nreq overrides\n> overrides trip=6000ms\nack overrides\n");
    row("an override is not repeated while it ages",
        "snap 1 O trip=10\nreq overrides\n> overrides trip=10000ms\nack overrides\ntick 3000\n"
        "snap 2 O trip=10\n");
    row("an override's end is told by absence",
        "snap 1 O trip=10\nreq overrides\n> overrides trip=10000ms\nack overrides\nsnap 2\n"
        "> overrides\n");
    row("a client that takes Resource gets a ttl",
        "wraps\nsnap 1 O trip=10\ntick 2500\nreq overrides\n> overrides trip=7500ms,ttl=7500\n");
    row("an override does not wait for clusters",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nreq overrides\n> overrides\nack overrides\n"
        "snap 2 C a=2 O trip=5\n> overrides trip=5000ms\n");
}

void SotwSessionTest::statusRows()
{
    const auto row
        = [](const char* name, const char* script) { QTest::newRow(name) << QByteArray(script); };
    row("a refusal is in the client's own words",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nnack CDS no cluster type\nstatus\n= behind: CDS refused "
        "'no cluster type'\n");
    row("a snapshot without a change is applied at once",
        "snap 1 C a=1\nreq CDS\n> CDS a=1\nack CDS\nsnap 2 C a=1\nstatus\n= in sync r2\n");
    row("a node that has not asked for its endpoints is behind",
        "snap 1 C a=1 E a=1\nreq CDS\n> CDS a=1\nack CDS\nstatus\n= behind:\nreq EDS a\n> EDS "
        "a=1\nack EDS\nstatus\n= in sync r1\n");
}

void SotwSessionTest::givesTheSameVersionOnEveryStream()
{
    using namespace meshyard::control_plane;
    ResourceSet first;
    ResourceSet second;
    envoy::service::discovery::v3::Resource message;
    message.set_name("x");
    first.add(makeResource("x", message));
    second.add(makeResource("x", message));
    first.seal();
    second.seal();
    QCOMPARE(first.version, second.version);
}

QTEST_APPLESS_MAIN(SotwSessionTest)
#include "tst_sotw_session.moc"
