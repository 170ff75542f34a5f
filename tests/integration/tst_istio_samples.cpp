// SPDX-License-Identifier: GPL-3.0-or-later
// Istio's bookinfo samples, applied as they are: $MESHYARD_ISTIO_SAMPLES, or ../shared/data beside
// the project.
#include "tests/support/mesh_fixture.h"

#include <QDir>
#include <QElapsedTimer>
#include <QtTest>

using namespace meshyard;
using namespace meshyard::test;

class IstioSamplesTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void allToV1();
    void splitInHalves();
    void jasonGoesToV2();
    void abortForJason();
    void delayForJason();
    void cleanupTestCase();

private:
    QString sample(const char* name) const
    {
        return m_folder.filePath(QString::fromLatin1(name) + QLatin1String(".yaml"));
    }
    void apply(const char* name);
    void undo();
    /// Versions of reviews that answered, with their counts.
    std::map<std::string, int> versions(int calls, const std::string& user = {}) const;
    HttpAnswer ratings(const std::string& user) const;

    MeshFixture m_mesh;
    QDir m_folder;
    QElapsedTimer m_sinceApply;
};

void IstioSamplesTest::initTestCase()
{
    const QString given = qEnvironmentVariable("MESHYARD_ISTIO_SAMPLES");
    m_folder.setPath(given.isEmpty()
            ? QStringLiteral(MESHYARD_TEST_DATA "/../../../shared/data/istio-samples")
            : given);
    if (!m_folder.exists(QStringLiteral("virtual-service-all-v1.yaml")))
        QSKIP("Istio's samples are not here: set MESHYARD_ISTIO_SAMPLES to their folder");
    const auto started = m_mesh.start({QStringLiteral("--demo")});
    QVERIFY2(started.has_value(), started ? "" : started.error().message.c_str());
    apply("destination-rule-all");
}

void IstioSamplesTest::apply(const char* name)
{
    const auto applied = m_mesh.applyFile(sample(name));
    QVERIFY2(applied.has_value(), applied ? "" : applied.error().message.c_str());
    for (const v1::Diagnostic& finding : applied->diagnostics())
        QVERIFY2(finding.severity() != v1::ERROR, finding.message().c_str());
    m_sinceApply.start();
}

void IstioSamplesTest::undo()
{
    const auto undone = m_mesh.undo();
    QVERIFY2(undone.has_value(), undone ? "" : undone.error().message.c_str());
    m_sinceApply.start();
}

std::map<std::string, int> IstioSamplesTest::versions(int calls, const std::string& user) const
{
    std::map<std::string, std::string> headers{{"Host", "reviews:9080"}};
    if (!user.empty())
        headers["end-user"] = user;
    std::map<std::string, int> seen;
    for (int i = 0; i < calls; ++i) {
        const std::string body
            = httpGet(m_mesh.outbound("productpage-v1-a"), "/reviews/0", headers).body;
        const std::size_t at = body.find("\"version\":\"");
        seen[at == std::string::npos ? "none" : body.substr(at + 11, 2)] += 1;
    }
    return seen;
}

HttpAnswer IstioSamplesTest::ratings(const std::string& user) const
{
    std::map<std::string, std::string> headers{{"Host", "ratings:9080"}};
    if (!user.empty())
        headers["end-user"] = user;
    return httpGet(m_mesh.outbound("reviews-v2-a"), "/ratings/0", headers);
}

void IstioSamplesTest::allToV1()
{
    const auto before = versions(30);
    QString seen;
    for (const auto& [version, calls] : before)
        seen += QStringLiteral("%1: %2 ").arg(QString::fromStdString(version)).arg(calls);
    QVERIFY2(before.size() == 3, qPrintable(seen));
    apply("virtual-service-all-v1");
    QTRY_COMPARE_WITH_TIMEOUT(versions(20), (std::map<std::string, int>{{"v1", 20}}), 2'000);
    undo();
    QTRY_VERIFY_WITH_TIMEOUT(versions(20).size() == 3, 2'000);
}

void IstioSamplesTest::splitInHalves()
{
    apply("virtual-service-reviews-50-v3");
    QTRY_VERIFY_WITH_TIMEOUT(!versions(10).contains("v2"), 2'000);
    const auto seen = versions(300);
    QVERIFY(seen.size() == 2);
    QVERIFY(std::abs(seen.at("v3") - 150) < 40);
    undo();
    apply("virtual-service-reviews-80-20");
    QTRY_VERIFY_WITH_TIMEOUT(!versions(10).contains("v3"), 2'000);
    const auto uneven = versions(300);
    QVERIFY(std::abs(uneven.at("v1") - 240) < 35);
    undo();
    QTRY_VERIFY_WITH_TIMEOUT(versions(20).size() == 3, 2'000);
}

void IstioSamplesTest::jasonGoesToV2()
{
    apply("virtual-service-reviews-test-v2");
    const std::map<std::string, int> onlyV2{{"v2", 10}};
    const std::map<std::string, int> onlyV1{{"v1", 10}};
    QTRY_COMPARE_WITH_TIMEOUT(versions(10, "jason"), onlyV2, 2'000);
    QCOMPARE(versions(10), onlyV1);
    undo();
}

void IstioSamplesTest::abortForJason()
{
    apply("virtual-service-ratings-test-abort");
    QTRY_COMPARE_WITH_TIMEOUT(ratings("jason").status, 500, 2'000);
    QCOMPARE(ratings("").status, 200);
    undo();
    QTRY_COMPARE_WITH_TIMEOUT(ratings("jason").status, 200, 2'000);
}

void IstioSamplesTest::delayForJason()
{
    apply("virtual-service-ratings-test-delay");
    QTest::qWait(200);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(ratings("jason").status, 200);
    QVERIFY2(timer.elapsed() >= 6'950 && timer.elapsed() < 7'700, "the sample's delay is 7 s");
    timer.restart();
    QCOMPARE(ratings("").status, 200);
    QVERIFY(timer.elapsed() < 1'000);
    undo();

    for (const auto& [name, figures] : m_mesh.edges(60, "production"))
        QVERIFY2(figures.breaker().open_instances() == 0, name.c_str());
}

void IstioSamplesTest::cleanupTestCase()
{
    m_mesh.stop();
}

QTEST_GUILESS_MAIN(IstioSamplesTest)
#include "tst_istio_samples.moc"
