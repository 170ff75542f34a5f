// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/path_rules.h"

#include <QTest>

using meshyard::proxy::PathRules;

class PathRulesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rewrites_data();
    void rewrites();
    void leavesAllAloneWhenOff();
};

namespace {

PathRules rules(const QByteArray& name)
{
    PathRules made;
    made.normalize = name.contains('n');
    made.mergeSlashes = name.contains('m');
    if (name.contains('R'))
        made.escapedSlashes = PathRules::EscapedSlashes::Reject;
    if (name.contains('D'))
        made.escapedSlashes = PathRules::EscapedSlashes::Redirect;
    if (name.contains('F'))
        made.escapedSlashes = PathRules::EscapedSlashes::Forward;
    return made;
}

} // namespace

void PathRulesTest::rewrites_data()
{
    QTest::addColumn<QByteArray>("on");
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("verdict");
    QTest::addColumn<QByteArray>("becomes");
    const auto row = [](const char* name, const char* on, const char* target, const char* verdict,
                         const char* becomes) {
        QTest::newRow(name) << QByteArray(on) << QByteArray(target) << QByteArray(verdict)
                            << QByteArray(becomes);
    };
    row("plain", "nmR", "/a/b?c=../d", "same", "");
    row("dot segment", "n", "/a/./b", "changed", "/a/b");
    row("parent", "n", "/a/b/../c?q", "changed", "/a/c?q");
    row("above the root", "n", "/../../a", "changed", "/a");
    row("parent at the end", "n", "/a/b/..", "changed", "/a/");
    row("dot at the end", "n", "/a/.", "changed", "/a/");
    row("escaped dots", "n", "/a/%2e%2E/b", "changed", "/b");
    row("escaped letter", "n", "/%61dmin", "changed", "/admin");
    row("escape of a reserved character stays", "n", "/a%3Fb", "same", "");
    row("escaped slash stays", "n", "/a%2Fb", "same", "");
    row("backslash", "n", "/a\\b", "changed", "/a/b");
    row("escaped NUL", "n", "/a%00b", "reject", "");
    row("broken escape passes", "n", "/a%zz/b", "same", "");
    row("slashes are kept", "n", "//a///b", "same", "");
    row("slashes are merged", "m", "//a///b?x=//", "changed", "/a/b?x=//");
    row("dots before slashes", "nm", "/a//../b", "changed", "/a/b");
    row("a query is no path", "nm", "/a?b/../c//d", "same", "");
    row("asterisk", "nm", "*", "same", "");
    row("escaped slash is refused", "R", "/a%2Fb", "reject", "");
    row("escaped backslash is refused", "R", "/a%5cb", "reject", "");
    row("in a query it is not", "R", "/a?b=%2F", "same", "");
    row("escaped slash redirects", "nD", "/a%2f..%2fb", "redirect", "/b");
    row("escaped slash is taken for one", "F", "/a%2Fb?c", "changed", "/a/b?c");
    row("hidden parent", "nF", "/public%2f..%2fadmin", "changed", "/admin");
}

void PathRulesTest::rewrites()
{
    QFETCH(QByteArray, on);
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, verdict);
    QFETCH(QByteArray, becomes);
    std::string out;
    const auto got = rules(on).apply(target.toStdString(), out);
    static const char* const kNames[] = {"same", "changed", "reject", "redirect"};
    QCOMPARE(QByteArray(kNames[static_cast<int>(got)]), verdict);
    if (!becomes.isEmpty())
        QCOMPARE(QByteArray::fromStdString(out), becomes);
}

void PathRulesTest::leavesAllAloneWhenOff()
{
    QVERIFY(!PathRules{}.act());
    std::string out;
    QCOMPARE(PathRules{}.apply("/a/../%2F//", out), PathRules::Verdict::Same);
}

QTEST_GUILESS_MAIN(PathRulesTest)
#include "tst_path_rules.moc"
