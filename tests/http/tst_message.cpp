// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/message.h"

#include <QTest>

using namespace meshyard::http;

class MessageTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsQueries();
    void splitsTargets();
    void findsHeadersInAnyCase();
};

void MessageTest::readsQueries()
{
    const std::string_view query = "rate=50&name=a%20b+c&empty=&bare&cut=%2";
    QCOMPARE(*queryValue(query, "rate"), std::string("50"));
    QCOMPARE(*queryValue(query, "name"), std::string("a b c"));
    QCOMPARE(*queryValue(query, "empty"), std::string());
    QCOMPARE(*queryValue(query, "bare"), std::string());
    QCOMPARE(*queryValue(query, "cut"), std::string("%2"));
    QVERIFY(!queryValue(query, "other").has_value());
    QVERIFY(!queryValue("", "rate").has_value());
}

void MessageTest::splitsTargets()
{
    QCOMPARE(splitTarget("/a/b?c=d?e").first, std::string_view("/a/b"));
    QCOMPARE(splitTarget("/a/b?c=d?e").second, std::string_view("c=d?e"));
    QCOMPARE(splitTarget("/a").second, std::string_view());
}

void MessageTest::findsHeadersInAnyCase()
{
    const HeaderList headers = {{"Content-Type", "text/html"}, {"X", "1"}, {"x", "2"}};
    QCOMPARE(*findHeader(headers, "content-type"), std::string_view("text/html"));
    QCOMPARE(*findHeader(headers, "x"), std::string_view("1"));
    QVERIFY(!findHeader(headers, "y").has_value());
}

QTEST_APPLESS_MAIN(MessageTest)
#include "tst_message.moc"
