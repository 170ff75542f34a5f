// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/head_parser.h"

#include <QTest>

#include <string>

using namespace meshyard;
using namespace meshyard::http;

Q_DECLARE_METATYPE(HeadError)

namespace {

std::string text(std::string_view view)
{
    return std::string(view);
}

QByteArray get(const QByteArray& fields)
{
    return "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

QByteArray post(const QByteArray& fields)
{
    return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n";
}

void row(const char* name, const QByteArray& head, HeadError error, int status)
{
    QTest::newRow(name) << head << error << status;
}

void good(const char* name, const QByteArray& head)
{
    row(name, head, HeadError::None, 0);
}

} // namespace

class RequestHeadTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void judgesHeads_data();
    void judgesHeads();
    void readsThePartsOfAHead();
    void absoluteTargetsReplaceTheHost();
    void marksHopByHopFields();
    void framesBodies_data();
    void framesBodies();
    void decidesKeepAlive_data();
    void decidesKeepAlive();
    void survivesAMoveOfTheBytes();
    void anyPrefixIsIncompleteAndNeverInvalid();

private:
    void startLineRows();
    void targetRows();
    void fieldRows();
    void hostRows();
    void framingRows();
    void limitRows();
};

void RequestHeadTest::judgesHeads_data()
{
    QTest::addColumn<QByteArray>("head");
    QTest::addColumn<HeadError>("error");
    QTest::addColumn<int>("status");
    startLineRows();
    targetRows();
    fieldRows();
    hostRows();
    framingRows();
    limitRows();
}

void RequestHeadTest::startLineRows()
{
    using E = HeadError;
    good("9112 3 plain", get(""));
    good("9112 2.2 one empty line first", "\r\n" + get(""));
    good("9110 2.5 minor version 2 is read as 1", "GET / HTTP/1.2\r\nHost: a\r\n\r\n");
    good("9112 3 version 1.0", "GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    good("9110 9.1 unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n");
    good("9110 9.1 method with marks", "X-!#$ / HTTP/1.1\r\nHost: a\r\n\r\n");
    row("9112 2.2 bare LF ends the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", E::BareLineEnd,
        400);
    row("9112 2.2 bare LF first", "\nGET / HTTP/1.1\r\n\r\n", E::BareLineEnd, 400);
    row("9112 2.2 bare CR in the request line", "GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n",
        E::BareLineEnd, 400);
    row("9112 2.2 NUL in the request line", QByteArray("GET /\0 HTTP/1.1\r\nHost: a\r\n\r\n", 29),
        E::ControlInValue, 400);
    row("9112 3 no version (HTTP/0.9)", "GET /\r\n\r\n", E::BadStartLine, 400);
    row("9112 3 method only", "GET\r\n\r\n", E::BadStartLine, 400);
    row("9112 3 two spaces before the target", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", E::BadTarget,
        400);
    row("9112 3 two spaces behind the target", "GET /  HTTP/1.1\r\nHost: a\r\n\r\n", E::BadTarget,
        400);
    row("9112 3 trailing space", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", E::BadVersion, 400);
    row("9112 3 leading space", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", E::BadMethod, 400);
    row("9112 3 tab for a space", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", E::BadStartLine, 400);
    row("9112 3.1 method with a bracket", "G[T / HTTP/1.1\r\nHost: a\r\n\r\n", E::BadMethod, 400);
    row("9112 3.1 method without end", QByteArray(40, 'G') + " / HTTP/1.1\r\nHost: a\r\n\r\n",
        E::BadMethod, 400);
    row("9112 2.3 lower-case name", "GET / http/1.1\r\nHost: a\r\n\r\n", E::BadVersion, 400);
    row("9112 2.3 two-digit minor", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", E::BadVersion, 400);
    row("9112 2.3 no minor", "GET / HTTP/1\r\nHost: a\r\n\r\n", E::BadVersion, 400);
    row("9112 2.3 another protocol", "GET / HTTQ/1.1\r\nHost: a\r\n\r\n", E::NotHttp, 400);
    row("9113 3.4 a malformed preface", "INVALID CONNECTION PREFACE\r\n\r\n", E::NotHttp, 400);
    row("9112 2.3 letter for a digit", "GET / HTTP/1.x\r\nHost: a\r\n\r\n", E::BadVersion, 400);
    row("9110 2.5 major version 2", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", E::UnsupportedVersion,
        505);
    row("9110 2.5 major version 3", "GET / HTTP/3.0\r\nHost: a\r\n\r\n", E::UnsupportedVersion,
        505);
    row("9110 2.5 major version 0", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", E::UnsupportedVersion,
        505);
    row("9113 3.4 HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", E::UnsupportedVersion, 505);
    row("TLS hello on a plain port", QByteArray("\x16\x03\x01\x02", 4), E::ControlInValue, 400);
}

void RequestHeadTest::targetRows()
{
    using E = HeadError;
    const auto request
        = [](const QByteArray& line) { return line + " HTTP/1.1\r\nHost: a\r\n\r\n"; };
    good("9112 3.2.1 path and query", request("GET /a/b?c=d&e=%20f"));
    good("9112 3.2.2 absolute form", request("GET http://b:81/x?y"));
    good("9112 3.2.2 absolute form without path", request("GET http://b"));
    good("9112 3.2.3 authority form", request("CONNECT b:443"));
    good("9112 3.2.3 authority form, IPv6", request("CONNECT [::1]:443"));
    good("9112 3.2.4 asterisk form", request("OPTIONS *"));
    row("9112 3.2.4 asterisk with GET", request("GET *"), E::BadTarget, 400);
    row("9112 3.2.3 CONNECT with a path", request("CONNECT /x"), E::BadTarget, 400);
    row("9112 3.2.3 CONNECT without a port", request("CONNECT b"), E::BadTarget, 400);
    row("9112 3.2.3 CONNECT with an empty port", request("CONNECT b:"), E::BadTarget, 400);
    row("9112 3.2.3 CONNECT without a host", request("CONNECT :443"), E::BadTarget, 400);
    row("9112 3.2 relative target", request("GET a/b"), E::BadTarget, 400);
    row("9112 3.2 fragment", request("GET /a#b"), E::BadTarget, 400);
    row("3986 2 quote", request("GET /a\"b"), E::BadTarget, 400);
    row("3986 2 angle bracket", request("GET /<a"), E::BadTarget, 400);
    row("3986 2 backslash", request("GET /a\\b"), E::BadTarget, 400);
    row("3986 2 caret", request("GET /a^b"), E::BadTarget, 400);
    row("3986 2 brace", request("GET /{a"), E::BadTarget, 400);
    row("3986 2 raw UTF-8", request("GET /\xc3\xa9"), E::BadTarget, 400);
    row("3986 2.1 cut percent", request("GET /a%2"), E::BadTarget, 400);
    row("3986 2.1 percent without hex", request("GET /a%zz"), E::BadTarget, 400);
    row("9110 4.2.4 userinfo in an absolute form", request("GET http://u@b/"), E::BadTarget, 400);
    row("9110 4.2.1 absolute form without host", request("GET http:///x"), E::BadTarget, 400);
    row("9112 3.2.2 unknown scheme", request("GET ftp://b/"), E::BadTarget, 400);
}

void RequestHeadTest::fieldRows()
{
    using E = HeadError;
    good("9112 5 no value", get("X:\r\n"));
    good("9112 5 no space before the value", get("X:y\r\n"));
    good("9112 5 tabs and spaces round the value", get("X:\t y \t\r\n"));
    good("9110 5.5 obs-text", get("X: \xc3\xa9\r\n"));
    good("9110 5.1 underscore in a name", get("x_y: z\r\n"));
    good("9110 5.5 tab within a value", get("X: a\tb\r\n"));
    row("9112 5.1 space before the colon", get("X : y\r\n"), E::SpaceBeforeColon, 400);
    row("9112 5.1 tab before the colon", get("X\t: y\r\n"), E::SpaceBeforeColon, 400);
    row("9112 5.2 folded value", get("X: y\r\n z\r\n"), E::FoldedLine, 400);
    row("9112 5.2 folded with a tab", get("X: y\r\n\tz\r\n"), E::FoldedLine, 400);
    row("9112 2.2 space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        E::FoldedLine, 400);
    row("9112 5 no colon", get("Xy\r\n"), E::BadFieldName, 400);
    row("9112 5 empty name", get(": y\r\n"), E::BadFieldName, 400);
    row("9110 5.1 bracket in a name", get("X[: y\r\n"), E::BadFieldName, 400);
    row("9110 5.1 UTF-8 in a name", get("X\xc3\xa9: y\r\n"), E::BadFieldName, 400);
    row("9110 5.5 NUL in a value", get(QByteArray("X: a\0b\r\n", 8)), E::ControlInValue, 400);
    row("9110 5.5 bare CR in a value", get("X: a\rb\r\n"), E::BareLineEnd, 400);
    row("9110 5.5 bare LF in a value", get("X: a\nb: c\r\n"), E::BareLineEnd, 400);
    row("9110 5.5 escape in a value", get("X: a\x1b[1m\r\n"), E::ControlInValue, 400);
    row("9110 5.5 DEL in a value", get("X: a\x7f\r\n"), E::ControlInValue, 400);
    row("9110 5.5 control behind 16 clean bytes", get("X: 0123456789abcdef0123456789\x01\r\n"),
        E::ControlInValue, 400);
    row("9112 2.2 CR CR LF", get("X: a\r\r\n"), E::BareLineEnd, 400);
    row("9112 2.2 LF LF ends the head", "GET / HTTP/1.1\r\nHost: a\n\n", E::BareLineEnd, 400);
    row("9110 7.6.1 connection option with a space", get("Connection: a b\r\n"), E::BadConnection,
        400);
    row("9110 10.1.1 other expectation", get("Expect: a-miracle\r\n"), E::BadExpectation, 417);
}

void RequestHeadTest::hostRows()
{
    using E = HeadError;
    const auto host
        = [](const QByteArray& value) { return "GET / HTTP/1.1\r\nHost: " + value + "\r\n\r\n"; };
    good("9112 3.2 1.0 without host", "GET / HTTP/1.0\r\n\r\n");
    good("9110 7.2 name and port", host("reviews.production:9080"));
    good("9110 7.2 IPv6 and port", host("[2001:db8::1]:80"));
    good("9110 7.2 empty", host(""));
    good("9110 7.2 empty port", host("a:"));
    good("9110 7.2 percent-encoded", host("a%2eb"));
    row("9112 3.2 missing", "GET / HTTP/1.1\r\n\r\n", E::MissingHost, 400);
    row("9112 3.2 absolute form without host", "GET http://a/ HTTP/1.1\r\n\r\n", E::MissingHost,
        400);
    row("9112 3.2 twice, equal", get("Host: a\r\n"), E::DuplicateHost, 400);
    row("9112 3.2 twice, differing", get("hOST: b\r\n"), E::DuplicateHost, 400);
    row("9110 7.2 list", host("a, b"), E::BadHost, 400);
    row("9110 7.2 userinfo", host("u@a"), E::BadHost, 400);
    row("9110 7.2 path", host("a/b"), E::BadHost, 400);
    row("9110 7.2 port not a number", host("a:b"), E::BadHost, 400);
    row("9110 7.2 port too big", host("a:65536"), E::BadHost, 400);
    row("9110 7.2 two ports", host("a:1:2"), E::BadHost, 400);
    row("9110 7.2 open bracket", host("[::1"), E::BadHost, 400);
    row("9110 7.2 bracket without IPv6", host("[a]"), E::BadHost, 400);
    row("9110 7.2 text behind the bracket", host("[::1]a"), E::BadHost, 400);
    row("9110 7.2 cut percent", host("a%2"), E::BadHost, 400);
    row("9110 7.2 space", host("a b"), E::BadHost, 400);
}

void RequestHeadTest::framingRows()
{
    using E = HeadError;
    good("9112 6.2 length", post("Content-Length: 5\r\n"));
    good("9112 6.2 length zero", post("Content-Length: 0\r\n"));
    good("9112 6.1 chunked, any case", post("Transfer-Encoding: ChUnKeD\r\n"));
    good("9112 6.1 chunked, trailing tab", post("Transfer-Encoding: chunked\t\r\n"));
    row("9112 6.3 length and coding", post("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"),
        E::LengthAndTransferEncoding, 400);
    row("9112 6.3 coding and length", post("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"),
        E::LengthAndTransferEncoding, 400);
    row("9112 6.3 two differing lengths", post("Content-Length: 5\r\nContent-Length: 6\r\n"),
        E::DuplicateContentLength, 400);
    row("9110 8.6 two equal lengths", post("Content-Length: 5\r\nContent-Length: 5\r\n"),
        E::DuplicateContentLength, 400);
    row("9110 8.6 list of lengths", post("Content-Length: 5, 5\r\n"), E::BadContentLength, 400);
    row("9110 8.6 plus sign", post("Content-Length: +5\r\n"), E::BadContentLength, 400);
    row("9110 8.6 minus sign", post("Content-Length: -5\r\n"), E::BadContentLength, 400);
    row("9110 8.6 hex", post("Content-Length: 0x5\r\n"), E::BadContentLength, 400);
    row("9110 8.6 inner space", post("Content-Length: 5 5\r\n"), E::BadContentLength, 400);
    row("9110 8.6 empty length", post("Content-Length:\r\n"), E::BadContentLength, 400);
    row("9110 8.6 overflow", post("Content-Length: 18446744073709551616\r\n"), E::BadContentLength,
        400);
    row("9112 6.1 coding in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
        E::BadTransferEncoding, 400);
    row("9112 6.1 chunked twice", post("Transfer-Encoding: chunked, chunked\r\n"),
        E::BadTransferEncoding, 400);
    row("9112 6.1 chunked not last", post("Transfer-Encoding: chunked, gzip\r\n"),
        E::BadTransferEncoding, 400);
    row("9112 6.1 chunked not last, two lines",
        post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"),
        E::BadTransferEncoding, 400);
    row("9112 6.3 no chunked at all", post("Transfer-Encoding: gzip\r\n"), E::BadTransferEncoding,
        400);
    row("9112 6.1 empty coding", post("Transfer-Encoding:\r\n"), E::BadTransferEncoding, 400);
    row("9112 6.1 parameter", post("Transfer-Encoding: chunked;q=1\r\n"), E::BadTransferEncoding,
        400);
    row("9112 6.1 name that only looks like it", post("Transfer-Encoding: xchunked\r\n"),
        E::BadTransferEncoding, 400);
    row("9112 6.1 quoted", post("Transfer-Encoding: \"chunked\"\r\n"), E::BadTransferEncoding, 400);
    row("9112 6.1 other coding before chunked", post("Transfer-Encoding: gzip, chunked\r\n"),
        E::UnknownTransferEncoding, 501);
}

void RequestHeadTest::limitRows()
{
    using E = HeadError;
    QByteArray fields;
    for (int i = 0; i < 99; ++i)
        fields += "X: y\r\n";
    good("100 fields", get(fields));
    row("6585 5 101 fields", get(fields + "X: y\r\n"), E::TooManyFields, 431);
    row("6585 5 one field too large", get("X: " + QByteArray(61 * 1024, 'y') + "\r\n"),
        E::HeadTooLarge, 431);
    row("6585 5 one field without end", "GET / HTTP/1.1\r\nX: " + QByteArray(60 * 1024, 'y'),
        E::HeadTooLarge, 431);
    good("9112 3 target of 16 KiB",
        "GET /" + QByteArray(16 * 1024 - 1, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n");
    row("9112 3 target too long",
        "GET /" + QByteArray(17 * 1024, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", E::TargetTooLong,
        414);
    row("9112 3 target without end", "GET /" + QByteArray(17 * 1024, 'a'), E::TargetTooLong, 414);
}

void RequestHeadTest::judgesHeads()
{
    QFETCH(QByteArray, head);
    QFETCH(HeadError, error);
    QFETCH(int, status);
    RequestHead parsed;
    const std::string bytes = head.toStdString();
    const ParseResult result = HeadParser().parseRequest(bytes, parsed);
    QCOMPARE(QByteArray(describe(result.error).data()), QByteArray(describe(error).data()));
    QCOMPARE(result.isComplete(), error == HeadError::None);
    if (error == HeadError::None)
        QCOMPARE(parsed.size(), bytes.size());
    else
        QCOMPARE(statusFor(result.error), status);
}

void RequestHeadTest::readsThePartsOfAHead()
{
    const std::string bytes = "PUT /a?b HTTP/1.1\r\nHost: reviews:9080\r\nEnd-User: jason\r\n"
                              "X-Own:  two words \r\nExpect: 100-Continue\r\n\r\nrest";
    RequestHead head;
    QVERIFY(HeadParser().parseRequest(bytes, head).isComplete());
    QCOMPARE(head.method(), Method::Put);
    QCOMPARE(text(head.methodText()), std::string("PUT"));
    QCOMPARE(text(head.path()), std::string("/a?b"));
    QCOMPARE(text(head.authority()), std::string("reviews:9080"));
    QCOMPARE(text(*head.find(KnownHeader::EndUser)), std::string("jason"));
    QCOMPARE(text(*head.find("x-own")), std::string("two words"));
    QVERIFY(!head.find("x-other").has_value());
    QVERIFY(head.expectsContinue());
    QCOMPARE(head.size(), bytes.size() - 4);
    QCOMPARE(text(std::string_view(bytes).substr(
                 head.fields()[1].nameAt, head.lineEnd(2) - head.fields()[1].nameAt)),
        std::string("End-User: jason\r\nX-Own:  two words \r\n"));
    QCOMPARE(text(std::string_view(bytes).substr(head.lineEnd(3), 2)), std::string("\r\n"));
}

void RequestHeadTest::absoluteTargetsReplaceTheHost()
{
    RequestHead head;
    std::string bytes = "GET http://real:81/x HTTP/1.1\r\nHost: other\r\n\r\n";
    QVERIFY(HeadParser().parseRequest(bytes, head).isComplete());
    QCOMPARE(text(head.authority()), std::string("real:81"));
    QCOMPARE(text(head.path()), std::string("/x"));
    bytes = "GET http://real HTTP/1.1\r\nHost: other\r\n\r\n";
    QVERIFY(HeadParser().parseRequest(bytes, head).isComplete());
    QCOMPARE(text(head.path()), std::string("/"));
    bytes = "OPTIONS http://real HTTP/1.1\r\nHost: other\r\n\r\n";
    QVERIFY(HeadParser().parseRequest(bytes, head).isComplete());
    QCOMPARE(text(head.path()), std::string("*"));
}

void RequestHeadTest::marksHopByHopFields()
{
    const std::string bytes
        = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, X-Mine, host, content-length\r\n"
          "x-mine: 1\r\nKeep-Alive: 5\r\nTE: trailers\r\nProxy-Connection: x\r\nX-Kept: 2\r\n"
          "Content-Length: 0\r\n\r\n";
    RequestHead head;
    QVERIFY(HeadParser().parseRequest(bytes, head).isComplete());
    std::string kept;
    for (const Field& field : head.fields())
        kept += field.hopByHop ? std::string() : text(head.name(field)) + " ";
    QCOMPARE(kept, std::string("Host X-Kept Content-Length "));
}

void RequestHeadTest::framesBodies_data()
{
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<int>("kind");
    QTest::addColumn<quint64>("length");
    QTest::newRow("9112 6.3 nothing said, no body")
        << QByteArray() << int(BodyKind::None) << quint64(0);
    QTest::newRow("length") << QByteArray("Content-Length: 007\r\n") << int(BodyKind::Length)
                            << quint64(7);
    QTest::newRow("largest length") << QByteArray("Content-Length: 18446744073709551615\r\n")
                                    << int(BodyKind::Length) << quint64(18446744073709551615U);
    QTest::newRow("chunked") << QByteArray("Transfer-Encoding: , chunked\r\n")
                             << int(BodyKind::Chunked) << quint64(0);
}

void RequestHeadTest::framesBodies()
{
    QFETCH(QByteArray, fields);
    QFETCH(int, kind);
    QFETCH(quint64, length);
    const std::string bytes = post(fields).toStdString();
    RequestHead head;
    QVERIFY(HeadParser().parseRequest(bytes, head).isComplete());
    QCOMPARE(int(head.framing().kind), kind);
    QCOMPARE(quint64(head.framing().length), length);
}

void RequestHeadTest::decidesKeepAlive_data()
{
    QTest::addColumn<QByteArray>("head");
    QTest::addColumn<bool>("keepAlive");
    QTest::newRow("1.1") << get("") << true;
    QTest::newRow("1.1 close") << get("Connection: Close\r\n") << false;
    QTest::newRow("1.1 close beside keep-alive")
        << get("Connection: close, keep-alive\r\n") << false;
    QTest::newRow("1.0") << QByteArray("GET / HTTP/1.0\r\n\r\n") << false;
    QTest::newRow("1.0 keep-alive")
        << QByteArray("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n") << true;
}

void RequestHeadTest::decidesKeepAlive()
{
    QFETCH(QByteArray, head);
    QFETCH(bool, keepAlive);
    RequestHead parsed;
    QVERIFY(HeadParser().parseRequest(head.toStdString(), parsed).isComplete());
    QCOMPARE(parsed.keepAlive(), keepAlive);
}

void RequestHeadTest::survivesAMoveOfTheBytes()
{
    std::string bytes = get("X-Request-Id: 1\r\n").toStdString();
    RequestHead head;
    QVERIFY(HeadParser().parseRequest(bytes, head).isComplete());
    const std::string copy = bytes;
    head.rebase(copy.data());
    bytes.assign(bytes.size(), 'z');
    QCOMPARE(text(*head.find(KnownHeader::XRequestId)), std::string("1"));
}

void RequestHeadTest::anyPrefixIsIncompleteAndNeverInvalid()
{
    const std::string bytes
        = "\r\n" + post("Content-Length: 3\r\nX-Long: 0123456789abcdef01\r\n").toStdString();
    RequestHead head;
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        const std::string prefix
            = bytes.substr(0, size); // its own memory: overreads show under ASan
        const ParseResult result = HeadParser().parseRequest(prefix, head);
        QCOMPARE(int(result.state), int(ParseResult::State::Incomplete));
    }
}

QTEST_APPLESS_MAIN(RequestHeadTest)
#include "tst_request_head.moc"
