// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/validate.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace meshyard::config;

class ValidateTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void ordinaryDocumentsPass();
    void findsWhatIsWrong_data();
    void findsWhatIsWrong();
    void saysNothingAboutWhatIsRight_data();
    void saysNothingAboutWhatIsRight();
    void anUnknownMeshAsksForNothing();
    void editedDocumentsReplaceStoredOnes();
    void brokenDocumentsAreNotCalledIncomplete();
    void takesIstiosSamples_data();
    void takesIstiosSamples();
    void retriesMultiplyAlongPaths();
    void aThousandDocumentsAreFast();

private:
    std::vector<Resource> m_mesh;
};

namespace {

std::string readFile(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

QString data(const char* name)
{
    return QStringLiteral(MESHYARD_TEST_DATA "/config/") + QString::fromLatin1(name);
}

QString lines(const std::vector<Diagnostic>& diagnostics)
{
    QStringList all;
    for (const auto& d : diagnostics)
        all << QString::fromStdString(toString(d));
    return all.join(u'\n');
}

std::string document(const char* kind, const char* spec, const char* name = "x")
{
    const std::string k = kind;
    const std::string version = k == "CircuitBreaker" || k == "Override" || k == "Workload"
        ? "meshyard.dev/v1"
        : k.find("Auth") != std::string::npos ? "security.istio.io/v1"
                                              : "networking.istio.io/v1";
    return "apiVersion: " + version + "\nkind: " + k + "\nmetadata: {name: " + name + "}\nspec:\n"
        + spec + "\n";
}

const char* const kVs = "VirtualService";
const char* const kDr = "DestinationRule";
const char* const kGw = "Gateway";
const char* const kCb = "CircuitBreaker";
const char* const kOv = "Override";
const char* const kWl = "Workload";

} // namespace

void ValidateTest::initTestCase()
{
    auto parsed = parseResources(readFile(data("mesh.yaml")), {"mesh.yaml", "production"});
    QVERIFY2(parsed.diagnostics.empty(), qPrintable(lines(parsed.diagnostics)));
    m_mesh = std::move(parsed.resources);
    QCOMPARE(m_mesh.size(), std::size_t(8));
}

void ValidateTest::ordinaryDocumentsPass()
{
    const auto found
        = check(readFile(data("routing.yaml")), {"routing.yaml", "production"}, m_mesh, {});
    QVERIFY2(found.empty(), qPrintable(lines(found)));
    const auto mesh = validate(m_mesh, {}, {});
    QVERIFY2(mesh.empty(), qPrintable(lines(mesh)));
}

void ValidateTest::findsWhatIsWrong_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("line");
    const auto row = [](const char* name, const char* kind, const char* spec, const char* line) {
        QTest::newRow(name) << QByteArray::fromStdString(document(kind, spec)) << QByteArray(line);
    };
    row("host unknown", kVs,
        "  hosts: [reviews]\n  http: [{route: [{destination: {host: revews}}]}]",
        "f:6:40: warning MY0201: spec.http[0].route[0].destination.host: no service \"revews\" is "
        "known in production: calls get 503 until it runs; did you mean \"reviews\"?");
    row("subset undefined", kVs,
        "  hosts: [reviews]\n  http: [{route: [{destination: {host: reviews, subset: v9}}]}]",
        "warning MY0202: spec.http[0].route[0].destination.subset");
    row("port not offered", kVs,
        "  hosts: [reviews]\n  http: [{route: [{destination: {host: reviews, port: {number: "
        "80}}}]}]",
        "does not offer port 80: it offers 9080");
    row("gateway unknown", kVs,
        "  hosts: ['*']\n  gateways: [nowhere]\n  http: [{directResponse: {status: 200}}]",
        "warning MY0203: spec.gateways[0]: there is no Gateway \"production/nowhere\"");
    row("star on the mesh", kVs, "  hosts: ['*']\n  http: [{directResponse: {status: 200}}]",
        "error MY0403: spec.hosts[0]");
    row("no hosts", kVs, "  http: [{directResponse: {status: 200}}]", "error MY0115: spec.hosts");
    row("no rules", kVs, "  hosts: [a]", "MY0115: spec: there is no rule");
    row("leads nowhere", kVs, "  hosts: [a]\n  http: [{timeout: 1s}]", "the rule leads nowhere");
    row("two outcomes", kVs,
        "  hosts: [a]\n  http: [{redirect: {uri: /}, directResponse: {status: 200}}]", "MY0409");
    row("weights sum to nothing", kVs,
        "  hosts: [a]\n  http: [{route: [{destination: {host: reviews}}, {destination: {host: "
        "details}}]}]",
        "error MY0405: spec.http[0].route");
    row("negative weight", kVs,
        "  hosts: [a]\n  http: [{route: [{destination: {host: reviews}, weight: -1}]}]", "MY0401");
    row("weights not 100", kVs,
        "  hosts: [a]\n  http:\n  - route:\n    - {destination: {host: reviews}, weight: 3}\n    - "
        "{destination: "
        "{host: details}, weight: 1}",
        "note MY0406: spec.http[0].route: the weights add up to 4");
    row("same destination twice", kVs,
        "  hosts: [a]\n  http:\n  - route:\n    - {destination: {host: reviews}, weight: 50}\n    "
        "- {destination: "
        "{host: reviews}, weight: 50}",
        "MY0305: spec.http[0].route[1].destination");
    row("lone weight", kVs,
        "  hosts: [a]\n  http: [{route: [{destination: {host: reviews}, weight: 20}]}]", "MY0404");
    row("retries over the timeout", kVs,
        "  hosts: [a]\n  http:\n  - timeout: 3s\n    retries: {attempts: 2, perTryTimeout: "
        "1500ms}\n    "
        "directResponse: {status: 200}",
        "3 tries of 1.5s take 4.5s, but the timeout is 3s");
    row("fault that hits nobody", kVs,
        "  hosts: [a]\n  http:\n  - fault: {abort: {httpStatus: 500}}\n    directResponse: "
        "{status: 200}",
        "MY0408: spec.http[0].fault.abort");
    row("status out of range", kVs,
        "  hosts: [a]\n  http:\n  - fault: {abort: {httpStatus: 99, percentage: {value: 1}}}\n    "
        "directResponse: {status: 200}",
        "MY0401: spec.http[0].fault.abort.httpStatus: 99 is out of range");
    row("percentage out of range", kVs,
        "  hosts: [a]\n  http:\n  - fault: {abort: {httpStatus: 500, percentage: {value: 101}}}\n  "
        "  "
        "directResponse: {status: 200}",
        "percentage.value: 101 is out of range: write a number from 0 to 100");
    row("after a catch-all", kVs,
        "  hosts: [a]\n  http:\n  - directResponse: {status: 200}\n  - match: [{uri: {exact: "
        "/x}}]\n    "
        "directResponse: {status: 201}",
        "MY0302: spec.http[1]: this rule is never reached: rule 1 takes");
    row("after a shorter prefix", kVs,
        "  hosts: [a]\n  http:\n  - match: [{uri: {prefix: /api}}]\n    directResponse: {status: "
        "200}\n  - match: "
        "[{uri: {exact: /api/v1}}]\n    directResponse: {status: 201}",
        "MY0302: spec.http[1]: this rule");
    row("one of two blocks", kVs,
        "  hosts: [a]\n  http:\n  - match: [{uri: {prefix: /api}}]\n    directResponse: {status: "
        "200}\n  - match: "
        "[{uri: {prefix: /api/v1}}, {uri: {exact: /}}]\n    directResponse: {status: 201}",
        "MY0302: spec.http[1].match[0]: this match has no effect");
    row("no host", kDr, "  subsets: []", "MY0115: spec.host");
    row("subset twice", kDr,
        "  host: reviews\n  subsets:\n  - {name: v1, labels: {version: v1}}\n  - {name: v1, "
        "labels: {version: v2}}",
        "error MY0306: spec.subsets[1].name");
    row("subset matches nothing", kDr,
        "  host: reviews\n  subsets: [{name: v9, labels: {version: v9}}]",
        "MY0205: spec.subsets[0].labels: no instance of \"reviews\" is labelled version: v9; "
        "running "
        "versions: v1, v2, v3");
    row("ejection floors to 0", kDr,
        "  host: ratings\n  trafficPolicy: {outlierDetection: {maxEjectionPercent: 40}}",
        "MY0414: spec.trafficPolicy.outlierDetection.maxEjectionPercent: 40 % of 2 endpoints is "
        "less "
        "than one: nothing is ever ejected; write maxEjectionPercent: 50 or more");
    row("default ejection floors to 0", kDr,
        "  host: reviews\n  trafficPolicy: {outlierDetection: {interval: 1s}}",
        "10 % of 3 endpoints");
    row("gateway rule that can't fire", kDr,
        "  host: reviews\n  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 3, "
        "consecutiveGatewayErrors: 3, maxEjectionPercent: 100}}",
        "MY0413: spec.trafficPolicy.outlierDetection.consecutiveGatewayErrors: this rule never "
        "fires");
    row("local rule without the split", kDr,
        "  host: reviews\n  trafficPolicy: {outlierDetection: {consecutiveLocalOriginFailures: 3, "
        "maxEjectionPercent: 100}}",
        "set splitExternalLocalOriginErrors");
    row("nothing ejects", kDr,
        "  host: reviews\n  trafficPolicy: {outlierDetection: {consecutive5xxErrors: 0, "
        "maxEjectionPercent: 100}}",
        "no rule is left");
    row("failover without outlier", kDr,
        "  host: reviews\n  trafficPolicy: {loadBalancer: {localityLbSetting: {failover: [{from: "
        "a, to: b}]}}}",
        "MY0412: spec.trafficPolicy.loadBalancer.localityLbSetting");
    row("maglev not prime", kDr,
        "  host: reviews\n  trafficPolicy: {loadBalancer: {consistentHash: {useSourceIp: true, "
        "maglev: "
        "{tableSize: 65536}}}}",
        "must be a prime");
    row("negative limit", kDr,
        "  host: reviews\n  trafficPolicy: {connectionPool: {tcp: {maxConnections: -5}}}",
        "MY0401: spec.trafficPolicy.connectionPool.tcp.maxConnections");
    row("port open twice", kGw,
        "  servers:\n  - {port: {number: 80, name: a, protocol: HTTP}, hosts: ['*']}\n  - {port: "
        "{number: 80, "
        "name: b, protocol: TCP}, hosts: ['*']}",
        "error MY0303: spec.servers[1].port: port 80 is already open for HTTP");
    row("selector matches nothing", kGw,
        "  selector: {istio: nobody}\n  servers: [{port: {number: 80, name: a, protocol: HTTP}, "
        "hosts: ['*']}]",
        "MY0206: spec.selector");
    row("bad protocol", kGw,
        "  servers: [{port: {number: 80, name: a, protocol: HTPP}, hosts: ['*']}]",
        "MY0403: spec.servers[0].port.protocol");
    row("ratio out of range", kCb, "  failureRatio: 50",
        "f:5:17: error MY0401: spec.failureRatio: 50");
    row("window out of range", kCb, "  window: 10ms",
        "MY0402: spec.window: 10ms is out of range: write a "
        "duration from 1s to 5m");
    row("trial arithmetic", kCb, "  trialCalls: 3\n  trialSuccess: 4", "MY0505: spec.trialSuccess");
    row("open times", kCb, "  openBase: 2m", "MY0505: spec.openBase: openMax (1m) is shorter");
    row("word unknown", kCb, "  failureOn: [fivexx]",
        "MY0502: spec.failureOn[0]: 'fivexx' is not an outcome");
    row("never opens", kCb, "  {failureRatio: 0, slowCall: 0s, consecutive: 0}", "MY0504");
    row("breaker of an unknown service", kCb, "  destination: {service: rating}",
        "MY0201: spec.destination.service: no service \"rating\" is known in production; did you "
        "mean "
        "\"ratings\"?");
    row("no deadline", kOv, "  kind: FORCED_OPEN\n  destination: {service: ratings}",
        "MY0115: spec.ttl");
    row("deadline too long", kOv,
        "  kind: FORCED_OPEN\n  destination: {service: ratings}\n  ttl: 25h", "MY0402");
    row("drain nothing", kOv, "  kind: DRAINING\n  destination: {service: ratings}\n  ttl: 1m",
        "MY0401: spec.drainPercent");
    row("no command", kWl, "  ports: []", "MY0115: spec.command");
    row("port twice", kWl, "  command: [a]\n  ports: [{port: 80}, {port: 80}]",
        "MY0306: spec.ports[1].port");
    row("locality", kWl, "  command: [a]\n  locality: a/b/c/d", "MY0403: spec.locality");
    row("deny nothing", "AuthorizationPolicy", "  action: DENY", "MY0703");
    row("without effect yet", "PeerAuthentication", "  mtls: {mode: STRICT}", "note MY0116");
}

void ValidateTest::findsWhatIsWrong()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, line);
    const auto found = check(text.toStdString(), {"f", "production"}, m_mesh, {});
    QVERIFY2(lines(found).contains(QString::fromUtf8(line)), qPrintable(lines(found)));
}

void ValidateTest::saysNothingAboutWhatIsRight_data()
{
    QTest::addColumn<QByteArray>("text");
    const auto row = [](const char* name, const char* kind, const char* spec) {
        QTest::newRow(name) << QByteArray::fromStdString(document(kind, spec));
    };
    row("longer prefix first", kVs,
        "  hosts: [a]\n  http:\n  - match: [{uri: {prefix: /api/v1}}]\n    directResponse: "
        "{status: 200}\n  - match: "
        "[{uri: {prefix: /api}}]\n    directResponse: {status: 201}");
    row("prefix for some callers only", kVs,
        "  hosts: [a]\n  http:\n  - match: [{uri: {prefix: /api}, headers: {x: {}}}]\n    "
        "directResponse: "
        "{status: 200}\n  - match: [{uri: {prefix: /api/v1}}]\n    directResponse: {status: 201}");
    row("retries within the timeout", kVs,
        "  hosts: [a]\n  http:\n  - timeout: 3s\n    retries: {attempts: 2, perTryTimeout: 1s}\n   "
        " "
        "directResponse: {status: 200}");
    row("mesh default breaker", kCb, "  destination: {namespace: '*'}");
    row("release by hand", kOv,
        "  {kind: FORCED_OPEN, destination: {service: ratings}, untilReleased: true}");
}

void ValidateTest::saysNothingAboutWhatIsRight()
{
    QFETCH(QByteArray, text);
    const auto found = check(text.toStdString(), {"f", "production"}, m_mesh, {});
    QVERIFY2(found.empty(), qPrintable(lines(found)));
}

void ValidateTest::anUnknownMeshAsksForNothing()
{
    MeshView nothing;
    nothing.known = false;
    const auto found
        = check(document(kVs, "  hosts: [a]\n  http: [{route: [{destination: {host: b}}]}]"), {},
            {}, nothing);
    QVERIFY2(found.empty(), qPrintable(lines(found)));
}

void ValidateTest::editedDocumentsReplaceStoredOnes()
{
    const std::string stored
        = document(kVs, "  hosts: [reviews]\n  http: [{directResponse: {status: 200}}]");
    auto others = parseResources(stored).resources;
    others.insert(others.end(), m_mesh.begin(), m_mesh.end());
    QVERIFY(check(stored, {}, others, {}).empty());
    const std::string rival = document(
        kVs, "  hosts: [reviews.production]\n  http: [{directResponse: {status: 200}}]", "y");
    const auto found = check(rival, {}, others, {});
    QCOMPARE(found.size(), std::size_t(1));
    QCOMPARE(found[0].code, std::string("MY0301"));
}

void ValidateTest::brokenDocumentsAreNotCalledIncomplete()
{
    const auto found = check(
        document(kVs, "  host: [a]\n  http: [{directResponse: {status: 200}}]"), {}, m_mesh, {});
    QCOMPARE(found.size(), std::size_t(1));
    QCOMPARE(found[0].code, std::string("MY0103"));
}

void ValidateTest::takesIstiosSamples_data()
{
    QTest::addColumn<QString>("path");
    QTest::newRow("the folder") << QString();
    const QDir folder(QStringLiteral(MESHYARD_ISTIO_SAMPLES));
    for (const auto& name : folder.entryList({QStringLiteral("*.yaml")}))
        QTest::newRow(qPrintable(name)) << folder.filePath(name);
}

void ValidateTest::takesIstiosSamples()
{
    QFETCH(QString, path);
    if (path.isEmpty()) {
        if (!QDir(QStringLiteral(MESHYARD_ISTIO_SAMPLES)).exists())
            QSKIP("Istio's samples are not beside the source tree (../shared/data/istio-samples)");
        return;
    }
    const auto found = check(readFile(path), {"f", "production"}, m_mesh, {});
    for (const auto& d : found) {
        const bool fine = d.severity == Severity::Info || d.code.starts_with("MY02")
            || (d.code == "MY0302" && path.endsWith(u"fault-injection-details-v1.yaml"));
        QVERIFY2(fine && d.severity != Severity::Error, toString(d).c_str());
    }
}

void ValidateTest::retriesMultiplyAlongPaths()
{
    std::string text;
    for (const char* name : {"productpage", "reviews", "ratings"}) {
        text += document(kVs,
                    (std::string("  hosts: [") + name
                        + "]\n  http: [{retries: {attempts: 2}, route: [{destination: {host: "
                        + name + "}}]}]")
                        .c_str(),
                    name)
            + "---\n";
    }
    MeshView mesh;
    QVERIFY(check(text, {}, m_mesh, mesh).empty());
    const std::string p = "production";
    mesh.calls = {{p, "gateway", p, "productpage"}, {p, "productpage", p, "reviews"},
        {p, "productpage", p, "details"}, {p, "reviews", p, "ratings"}};
    const auto found = check(text, {"f", p}, m_mesh, mesh);
    QCOMPARE(found.size(), std::size_t(3));
    QCOMPARE(QString::fromStdString(toString(found[0])),
        QStringLiteral("f:5:11: warning MY0415: spec.hosts[0]: one call can become 27 calls of "
                       "\"ratings\" when "
                       "things fail (productpage 3 tries, reviews 3 tries, ratings 3 tries): retry "
                       "in one place "
                       "only"));
    mesh.calls.push_back({p, "ratings", p, "productpage"}); // a cycle must end
    QVERIFY(!check(text, {}, m_mesh, mesh).empty());
}

void ValidateTest::aThousandDocumentsAreFast()
{
    std::string text;
    for (int i = 0; i < 500; ++i) {
        const std::string name = "s" + std::to_string(i);
        text += document(kVs,
            ("  hosts: [" + name
                + "]\n  http:\n  - match: [{uri: {prefix: /a}}]\n    route: [{destination: {host: "
                + name + ", subset: v1}, weight: 80}, {destination: {host: " + name
                + ", subset: v2}, weight: 20}]\n")
                .c_str(),
            name.c_str());
        text += "---\n";
        text += document(kDr,
            ("  host: " + name
                + "\n  subsets:\n  - {name: v1, labels: {version: v1}}\n  - {name: v2, labels: "
                  "{version: v2}}")
                .c_str(),
            name.c_str());
        text += "---\n";
    }
    QElapsedTimer timer;
    timer.start();
    const auto parsed = parseResources(text);
    QCOMPARE(parsed.resources.size(), std::size_t(1000));
    qInfo("1000 documents parsed: %lld ms", static_cast<long long>(timer.restart()));
    const auto found = validate(parsed.resources, m_mesh, {});
    QVERIFY(!found.empty());
    QVERIFY2(timer.elapsed() < 1000, qPrintable(QString::number(timer.elapsed())));
    qInfo("1000 documents validated: %lld ms", static_cast<long long>(timer.elapsed()));
}

QTEST_APPLESS_MAIN(ValidateTest)
#include "tst_validate.moc"
