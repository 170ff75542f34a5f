// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/diff.h"
#include "embedded-mesh/config/merge.h"

#include <QTest>

using namespace meshyard;
using namespace meshyard::config;

class DiffTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void unifiedHunks();
    void unifiedAgainstNothing();
    void differencesByField();
    void diffOfSets();
    void mergesWhatDoesNotCollide();
    void conflictsKeepOurs();
    void bigTextsStayAffordable();
};

namespace {

const char kBase[] = R"(apiVersion: meshyard.dev/v1
kind: CircuitBreaker
metadata: {name: a}
spec:
  window: 10s   # short
  failureOn: [5xx]
  minCalls: 20
)";

std::string replaced(std::string text, const std::string& what, const std::string& by)
{
    return text.replace(text.find(what), what.size(), by);
}

std::vector<Resource> parse(const std::string& text)
{
    return parseResources(text).resources;
}

} // namespace

void DiffTest::unifiedHunks()
{
    std::string before;
    for (int i = 1; i <= 30; ++i)
        before += std::to_string(i) + "\n";
    const std::string after = replaced(replaced(before, "5\n", "5\nnew\n"), "25\n", "");
    QCOMPARE(unifiedDiff(before, after, "a", "b"),
        std::string("--- a\n+++ b\n@@ -3,6 +3,7 @@\n 3\n 4\n 5\n+new\n 6\n 7\n 8\n"
                    "@@ -22,7 +23,6 @@\n 22\n 23\n 24\n-25\n 26\n 27\n 28\n"));
    QVERIFY(unifiedDiff(before, before, "a", "b").empty());
}

void DiffTest::unifiedAgainstNothing()
{
    QCOMPARE(unifiedDiff("", "x\ny\n", "a", "b"),
        std::string("--- /dev/null\n+++ b\n@@ -0,0 +1,2 @@\n+x\n+y\n"));
    QCOMPARE(
        unifiedDiff("x\n", "", "a", "b"), std::string("--- a\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n"));
}

void DiffTest::differencesByField()
{
    const auto before = parse(R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec:
  host: a
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]
)");
    const auto after = parse(R"(apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a}
spec:
  subsets: # in another order
  - {name: v2, labels: {version: "2"}}
  - {name: v1, labels: {version: v1}}
  - {name: v3}
  host: a
  trafficPolicy: {loadBalancer: {simple: RANDOM}}
)");
    const std::vector<FieldDifference> expected = {
        {"spec.subsets[name=v2].labels.version", "v2", "\"2\""},
        {"spec.subsets[name=v3]", "", "{name: v3}"},
        {"spec.trafficPolicy", "", "{loadBalancer: {simple: RANDOM}}"},
    };
    QVERIFY(fieldDifferences(before[0], after[0]) == expected);
}

void DiffTest::diffOfSets()
{
    const std::string other = replaced(kBase, "name: a", "name: b");
    const auto changes = diff(parse(std::string(kBase) + "---\n" + other),
        parse(replaced(kBase, "10s", "20s") + "---\n" + replaced(kBase, "name: a", "name: c")));
    QCOMPARE(changes.size(), std::size_t(3));
    QCOMPARE(changes[0].kind, ChangeKind::Changed);
    QVERIFY(changes[0].fields == (std::vector<FieldDifference>{{"spec.window", "10s", "20s"}}));
    QVERIFY(changes[0].unified.find("-  window: 10s   # short\n+  window: 20s   # short\n")
        != std::string::npos);
    QCOMPARE(changes[1].kind, ChangeKind::Deleted);
    QCOMPARE(changes[2].kind, ChangeKind::Created);
}

void DiffTest::mergesWhatDoesNotCollide()
{
    const std::string ours = replaced(replaced(kBase, "10s", "20s"), "# short", "# longer");
    const std::string theirs = replaced(kBase, "  minCalls: 20\n", "  minCalls: 5\n  jitter: 0\n");
    const auto merged = merge(kBase, ours, theirs);
    QVERIFY(merged.has_value());
    QVERIFY(merged->conflicts.empty());
    QCOMPARE(merged->text, replaced(ours, "  minCalls: 20\n", "  minCalls: 5\n  jitter: 0\n"));
    const auto removed = merge(kBase, ours, replaced(kBase, "  minCalls: 20\n", ""));
    QCOMPARE(removed->text, replaced(ours, "  minCalls: 20\n", ""));
}

void DiffTest::conflictsKeepOurs()
{
    const std::string ours = replaced(kBase, "10s", "20s");
    const std::string theirs = replaced(replaced(kBase, "10s", "30s"), "[5xx]", "[5xx, reset]");
    const auto merged = merge(kBase, ours, theirs);
    QVERIFY(merged.has_value());
    QVERIFY(
        merged->conflicts == (std::vector<MergeConflict>{{"spec.window", "10s", "20s", "30s"}}));
    QCOMPARE(merged->text, replaced(ours, "[5xx]", "[5xx, reset]"));
    QCOMPARE(merge("a: [", ours, theirs).error().code, ErrorCode::InvalidArgument);
}

void DiffTest::bigTextsStayAffordable()
{
    std::string before;
    std::string after;
    for (int i = 0; i < 20'000; ++i) {
        before += "a" + std::to_string(i) + "\n";
        after += "b" + std::to_string(i) + "\n";
    }
    QVERIFY(unifiedDiff(before, after, "a", "b").size() > before.size());
}

QTEST_APPLESS_MAIN(DiffTest)
#include "tst_diff.moc"
