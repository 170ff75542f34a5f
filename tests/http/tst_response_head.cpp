// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/head_parser.h"

#include <QTest>

#include <string>

using namespace meshyard;
using namespace meshyard::http;

Q_DECLARE_METATYPE(HeadError)
Q_DECLARE_METATYPE(Method)
Q_DECLARE_METATYPE(BodyKind)

class ResponseHeadTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusesMalformedHeads_data();
    void refusesMalformedHeads();
    void framesBodies_data();
    void framesBodies();
    void aLengthOfNothingIsNotPassedOn();
    void readsStatusAndReason();
};

void ResponseHeadTest::refusesMalformedHeads_data()
{
    using E = HeadError;
    QTest::addColumn<QByteArray>("head");
    QTest::addColumn<HeadError>("error");
    const auto row = [](const char* name, const QByteArray& head, HeadError error) {
        QTest::newRow(name) << head << error;
    };
    row("9112 4 four-digit status", "HTTP/1.1 2000 OK\r\n\r\n", E::BadStatus);
    row("9112 4 two-digit status", "HTTP/1.1 20 OK\r\n\r\n", E::BadStatus);
    row("9110 15 status below 100", "HTTP/1.1 099 OK\r\n\r\n", E::BadStatus);
    row("9110 15 status above 599", "HTTP/1.1 600 OK\r\n\r\n", E::BadStatus);
    row("9112 4 signed status", "HTTP/1.1 +20 OK\r\n\r\n", E::BadStatus);
    row("9112 4 status glued to the reason", "HTTP/1.1 200OK\r\n\r\n", E::BadStatus);
    row("9112 4 two spaces", "HTTP/1.1  200 OK\r\n\r\n", E::BadStatus);
    row("9112 4 no version", "200 OK again\r\n\r\n", E::BadStartLine);
    row("9112 4 too short", "HTTP/1.1 20\r\n\r\n", E::BadStartLine);
    row("9110 2.5 version 2.0 in HTTP/1", "HTTP/2.0 200 OK\r\n\r\n", E::UnsupportedVersion);
    row("9112 2.3 other protocol", "ICY/1.0 200 OK\r\n\r\n", E::BadStartLine);
    row("9112 2.3 lower-case protocol", "http/1.1 200 OK\r\n\r\n", E::BadVersion);
    row("9112 4 a page without a head", "<html>", E::BadStartLine);
    row("9112 4 another protocol begins", "220 mail", E::BadStartLine);
    row("9112 2.2 bare LF", "HTTP/1.1 200 OK\n\n", E::BareLineEnd);
    row("9112 4 control in the reason", "HTTP/1.1 200 O\x01K\r\n\r\n", E::ControlInValue);
    row("9112 6.3 length and coding",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        E::LengthAndTransferEncoding);
    row("9112 6.3 two lengths", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        E::DuplicateContentLength);
    row("9112 6.3 bad length", "HTTP/1.1 200 OK\r\nContent-Length: one\r\n\r\n",
        E::BadContentLength);
    row("9112 6.1 coding in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        E::BadTransferEncoding);
    row("9112 5.2 folded field", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n", E::FoldedLine);
    row("9112 5.1 space before the colon", "HTTP/1.1 200 OK\r\nX : a\r\n\r\n", E::SpaceBeforeColon);
}

void ResponseHeadTest::refusesMalformedHeads()
{
    QFETCH(QByteArray, head);
    QFETCH(HeadError, error);
    const std::string bytes = head.toStdString();
    ResponseHead parsed;
    const ParseResult result = HeadParser().parseResponse(bytes, Method::Get, parsed);
    QVERIFY(result.isInvalid());
    QCOMPARE(QByteArray(describe(result.error).data()), QByteArray(describe(error).data()));
}

void ResponseHeadTest::framesBodies_data()
{
    using K = BodyKind;
    QTest::addColumn<QByteArray>("status");
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<Method>("method");
    QTest::addColumn<BodyKind>("kind");
    QTest::addColumn<bool>("keepAlive");
    const QByteArray length("Content-Length: 9\r\n");
    const QByteArray chunked("Transfer-Encoding: chunked\r\n");
    QTest::newRow("9112 6.3 length")
        << QByteArray("200") << length << Method::Get << K::Length << true;
    QTest::newRow("9112 6.3 chunked")
        << QByteArray("200") << chunked << Method::Get << K::Chunked << true;
    QTest::newRow("9112 6.3 until close")
        << QByteArray("200") << QByteArray() << Method::Get << K::UntilClose << false;
    QTest::newRow("9112 6.3 HEAD")
        << QByteArray("200") << length << Method::Head << K::None << true;
    QTest::newRow("9112 6.3 HEAD, chunked")
        << QByteArray("200") << chunked << Method::Head << K::None << true;
    QTest::newRow("9112 6.3 204") << QByteArray("204") << QByteArray() << Method::Get << K::None
                                  << true;
    QTest::newRow("9112 6.3 304 with a length")
        << QByteArray("304") << length << Method::Get << K::None << true;
    QTest::newRow("9112 6.3 101") << QByteArray("101") << QByteArray() << Method::Get << K::None
                                  << true;
    QTest::newRow("9112 6.3 100") << QByteArray("100") << QByteArray() << Method::Post << K::None
                                  << true;
    QTest::newRow("9112 6.3 CONNECT 200")
        << QByteArray("200") << QByteArray() << Method::Connect << K::None << true;
    QTest::newRow("9112 6.3 CONNECT 403")
        << QByteArray("403") << length << Method::Connect << K::Length << true;
    QTest::newRow("9112 9.6 close") << QByteArray("200") << length + "Connection: close\r\n"
                                    << Method::Get << K::Length << false;
}

void ResponseHeadTest::framesBodies()
{
    QFETCH(QByteArray, status);
    QFETCH(QByteArray, fields);
    QFETCH(Method, method);
    QFETCH(BodyKind, kind);
    QFETCH(bool, keepAlive);
    const std::string bytes = ("HTTP/1.1 " + status + " X\r\n" + fields + "\r\n").toStdString();
    ResponseHead head;
    QVERIFY(HeadParser().parseResponse(bytes, method, head).isComplete());
    QCOMPARE(int(head.framing().kind), int(kind));
    QCOMPARE(head.keepAlive(), keepAlive);
}

void ResponseHeadTest::aLengthOfNothingIsNotPassedOn()
{
    const std::string bytes = "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n";
    ResponseHead head;
    QVERIFY(HeadParser().parseResponse(bytes, Method::Get, head).isComplete());
    QVERIFY(head.fields().front().hopByHop);
    const std::string head304 = "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n";
    QVERIFY(HeadParser().parseResponse(head304, Method::Get, head).isComplete());
    QVERIFY(!head.fields().front().hopByHop);
}

void ResponseHeadTest::readsStatusAndReason()
{
    ResponseHead head;
    const std::string full = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 3\r\n\r\n";
    QVERIFY(HeadParser().parseResponse(full, Method::Get, head).isComplete());
    QCOMPARE(head.status(), 503);
    QCOMPARE(std::string(head.reason()), std::string("Service Unavailable"));
    QCOMPARE(std::string(*head.find(KnownHeader::RetryAfter)), std::string("3"));
    QVERIFY(!head.isInterim());
    const std::string bare = "HTTP/1.1 100\r\n\r\n";
    QVERIFY(HeadParser().parseResponse(bare, Method::Get, head).isComplete());
    QVERIFY(head.reason().empty());
    QVERIFY(head.isInterim());
}

QTEST_APPLESS_MAIN(ResponseHeadTest)
#include "tst_response_head.moc"
