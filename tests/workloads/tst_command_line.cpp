// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/command_line.h"

#include <QTest>

#include <vector>

using namespace meshyard;
using namespace meshyard::workloads;
using namespace std::chrono_literals;

namespace {

Result<Command> parse(const QByteArray& line, const Environment& environment = {})
{
    const QList<QByteArray> words = line.isEmpty() ? QList<QByteArray>() : line.split(' ');
    std::vector<const char*> arguments;
    for (const QByteArray& word : words)
        arguments.push_back(word.constData());
    return parseCommandLine(arguments, environment, "1.2.3");
}

} // namespace

class CommandLineTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsAService();
    void readsStoreAndStock();
    void readsDependenciesOfEveryProtocol();
    void readsALoad();
    void theEnvironmentFillsInWhatIsNotGiven();
    void printsHelpAndVersion();
    void refuses_data();
    void refuses();
};

void CommandLineTest::readsAService()
{
    const auto command = parse("service --name reviews --version=v2 --port 9080 "
                               "--call ratings=http://ratings:9080/ --call b=http://b/x?y=z "
                               "--knobs 127.0.0.1:0 --seed 7 --call-timeout-ms 500");
    QVERIFY(command.has_value());
    const auto& service = std::get<ServiceCommand>(*command);
    QCOMPARE(service.options.instance, std::string("reviews-v2"));
    QCOMPARE(int(service.listenOn.port()), 9080);
    QCOMPARE(service.options.dependencies.size(), std::size_t{2});
    QCOMPARE(service.options.dependencies[0].target.authority, std::string("ratings:9080"));
    QCOMPARE(int(service.options.dependencies[1].target.server.port), 80);
    QCOMPARE(service.options.dependencies[1].target.path, std::string("/x?y=z"));
    QCOMPARE(service.options.callTimeout, Duration(500ms));
    QCOMPARE(service.options.seed, std::uint64_t{7});
    QVERIFY(service.knobs.has_value());
}

void CommandLineTest::readsStoreAndStock()
{
    const auto kindOf
        = [](const QByteArray& line) { return std::get<ServiceCommand>(*parse(line)).kind; };
    QVERIFY(kindOf("service --name a") == ServiceKind::Http);
    QVERIFY(kindOf("store --name mongodb --median-ms 1") == ServiceKind::Store);
    QVERIFY(kindOf("stock --name stock --version v1") == ServiceKind::Stock);
}

void CommandLineTest::readsDependenciesOfEveryProtocol()
{
    const auto command
        = parse("service --name a --call w=http://w/x --call mongodb=tcp://mongodb:27017 "
                "--call stock=grpc://stock:9090/meshyard.demo.Stock/Count");
    QVERIFY(command.has_value());
    const auto& dependencies = std::get<ServiceCommand>(*command).options.dependencies;
    QVERIFY(dependencies[0].kind == CallKind::Http);
    QVERIFY(dependencies[1].kind == CallKind::Tcp);
    QCOMPARE(dependencies[1].target.server.host, std::string("mongodb"));
    QCOMPARE(int(dependencies[1].target.server.port), 27017);
    QVERIFY(dependencies[2].kind == CallKind::Grpc);
    QCOMPARE(dependencies[2].target.authority, std::string("stock:9090"));
    QCOMPARE(dependencies[2].target.path, std::string("/meshyard.demo.Stock/Count"));
}

void CommandLineTest::readsALoad()
{
    const auto command = parse("load --target http://127.0.0.1:8080/productpage --rate 12.5 "
                               "--jason-share 0.5 --arrival even --host shop.example");
    QVERIFY(command.has_value());
    const auto& load = std::get<LoadCommand>(*command);
    QCOMPARE(load.options.rate, 12.5);
    QCOMPARE(load.options.jasonPercent, 50.0);
    QCOMPARE(load.options.host, std::string("shop.example"));
    QVERIFY(load.options.arrival == Arrival::Even);
    QCOMPARE(load.options.target.path, std::string("/productpage"));
}

void CommandLineTest::theEnvironmentFillsInWhatIsNotGiven()
{
    const Environment environment{"8123", "127.0.0.1:8200", "a-v1-b"};
    const auto filled = parse("service --name a", environment);
    const auto& service = std::get<ServiceCommand>(*filled);
    QCOMPARE(int(service.listenOn.port()), 8123);
    QCOMPARE(int(service.knobs->port()), 8200);
    QCOMPARE(service.options.instance, std::string("a-v1-b"));
    const auto given = parse("service --name a --port 8124 --instance mine", environment);
    QCOMPARE(int(std::get<ServiceCommand>(*given).listenOn.port()), 8124);
    QCOMPARE(std::get<ServiceCommand>(*given).options.instance, std::string("mine"));
    const auto load = parse("load --target http://a/", environment);
    QCOMPARE(int(std::get<LoadCommand>(*load).knobs->port()), 8200);
    QVERIFY(!parse("service --name a", {"web", "", ""}).has_value());
    QVERIFY(!parse("load --target http://a/", {"", "nowhere", ""}).has_value());
}

void CommandLineTest::printsHelpAndVersion()
{
    QCOMPARE(
        std::get<PrintCommand>(*parse("--version")).text, std::string("meshyard-workload 1.2.3\n"));
    QVERIFY(std::get<PrintCommand>(*parse("--help")).text.starts_with("Usage:"));
    QVERIFY(std::holds_alternative<PrintCommand>(*parse("load --help")));
}

void CommandLineTest::refuses_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::newRow("nothing") << QByteArray();
    QTest::newRow("unknown verb") << QByteArray("serve --name a");
    QTest::newRow("service without a name") << QByteArray("service");
    QTest::newRow("load without a target") << QByteArray("load --rate 5");
    QTest::newRow("unknown option") << QByteArray("service --name a --colour red");
    QTest::newRow("option without a value") << QByteArray("service --name");
    QTest::newRow("port out of range") << QByteArray("service --name a --port 70000");
    QTest::newRow("dependency without a name") << QByteArray("service --name a --call http://b/");
    QTest::newRow("dependency of an unknown scheme")
        << QByteArray("service --name a --call b=udp://b:1");
    QTest::newRow("unknown gRPC method")
        << QByteArray("service --name a --call b=grpc://b:1/x.Y/Z");
    QTest::newRow("TCP with a path") << QByteArray("service --name a --call b=tcp://b:1/x");
    QTest::newRow("a store calls nobody") << QByteArray("store --name a --call b=http://b/");
    QTest::newRow("store without a name") << QByteArray("store");
    QTest::newRow("https target") << QByteArray("load --target https://a/");
    QTest::newRow("negative rate") << QByteArray("load --target http://a/ --rate -1");
    QTest::newRow("share above one") << QByteArray("load --target http://a/ --jason-share 20");
    QTest::newRow("unknown arrival") << QByteArray("load --target http://a/ --arrival bursty");
    QTest::newRow("knobs on a name") << QByteArray("service --name a --knobs localhost:1");
}

void CommandLineTest::refuses()
{
    QFETCH(QByteArray, line);
    const auto command = parse(line);
    QVERIFY(!command.has_value());
    QCOMPARE(command.error().code, ErrorCode::InvalidArgument);
    QVERIFY(!command.error().message.empty());
}

QTEST_APPLESS_MAIN(CommandLineTest)
#include "tst_command_line.moc"
