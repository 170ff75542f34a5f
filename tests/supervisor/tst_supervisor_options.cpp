// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/options.h"

#include <QtTest>

using namespace meshyard;
using namespace meshyard::supervisor;

namespace {

Result<Options> parse(std::vector<std::string> words)
{
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    return parseOptions(arguments);
}

} // namespace

class SupervisorOptionsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void readsTheControlPlanesCommand()
    {
        const auto options
            = parse({"--lifeline-fd", "7", "--no-restart", "--", "meshyardd", "--demo"});
        QVERIFY(options.has_value());
        QCOMPARE(options->lifelineFd, 7);
        QVERIFY(!options->restartControlPlane);
        QCOMPARE(options->controlPlane, (std::vector<std::string>{"meshyardd", "--demo"}));
    }

    void readsAForegroundCommand()
    {
        const auto options = parse({"run", "cart", "--connect", "unix:/x", "-n", "staging",
            "--version", "v3", "--port", "9090", "--", "python3", "-m", "http.server"});
        QVERIFY(options.has_value());
        const v1::InstanceSpec& spec = options->instance;
        QCOMPARE(spec.service(), std::string("cart"));
        QCOMPARE(spec.namespace_(), std::string("staging"));
        QCOMPARE(spec.version(), std::string("v3"));
        QCOMPARE(spec.ports_size(), 1);
        QCOMPARE(spec.ports(0).port(), 9090U);
        QCOMPARE(spec.ports(0).target_port(), 9090U);
        QCOMPARE(spec.command_size(), 3);
    }

    void refusesWithOneSentence_data()
    {
        QTest::addColumn<QStringList>("words");
        QTest::addColumn<QString>("sentence");
        QTest::newRow("no command") << QStringList{QStringLiteral("run"), QStringLiteral("x")}
                                    << QStringLiteral("run needs a command after --");
        QTest::newRow("no value") << QStringList{QStringLiteral("--lifeline-fd")}
                                  << QStringLiteral("--lifeline-fd needs a value");
        QTest::newRow("no number") << QStringList{QStringLiteral("--lifeline-fd"),
            QStringLiteral("x")} << QStringLiteral("\"x\" is not a number up to 1048576");
        QTest::newRow("unknown") << QStringList{QStringLiteral("--frob")}
                                 << QStringLiteral("unknown argument \"--frob\"");
    }

    void refusesWithOneSentence()
    {
        QFETCH(QStringList, words);
        QFETCH(QString, sentence);
        std::vector<std::string> plain;
        for (const QString& word : words)
            plain.push_back(word.toStdString());
        const auto options = parse(plain);
        QVERIFY(!options);
        QCOMPARE(QString::fromStdString(options.error().message), sentence);
    }
};

QTEST_GUILESS_MAIN(SupervisorOptionsTest)
#include "tst_supervisor_options.moc"
