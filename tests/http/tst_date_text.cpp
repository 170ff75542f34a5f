// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/date_text.h"

#include <QTest>

#include <string>

class DateTextTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void writesFixedDates();
};

void DateTextTest::writesFixedDates()
{
    meshyard::http::DateText date;
    QCOMPARE(std::string(date.text(784111777)), std::string("Sun, 06 Nov 1994 08:49:37 GMT"));
    QCOMPARE(std::string(date.text(784111778)), std::string("Sun, 06 Nov 1994 08:49:38 GMT"));
    QCOMPARE(std::string(date.text(0)), std::string("Thu, 01 Jan 1970 00:00:00 GMT"));
    QCOMPARE(std::string(date.text(1709208000)), std::string("Thu, 29 Feb 2024 12:00:00 GMT"));
}

QTEST_APPLESS_MAIN(DateTextTest)
#include "tst_date_text.moc"
