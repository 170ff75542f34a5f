// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/managed_process.h"
#include "embedded-mesh/supervisor/port_allocator.h"
#include "tests/support/fake_clock.h"

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

#include <poll.h>
#include <sys/wait.h>

#include <csignal>

using namespace meshyard;
using namespace meshyard::supervisor;
using namespace std::chrono_literals;

class ManagedProcessTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void restartsWithGrowingPauses();
    void noticesTheReadyLine();
    void killsWhatIgnoresTheRequest();
    void reportsAProgramThatDoesNotExist();
    void logStaysBounded();
    void portsAreNotGivenTwice();

private:
    ManagedProcess shell(const char* script, ManagedProcess::Restart restart)
    {
        ChildSpec spec;
        spec.command = {"sh", "-c", script};
        return {
            std::move(spec), m_dir.filePath(QStringLiteral("log")).toStdString(), restart, m_clock};
    }
    static int reap(const ManagedProcess& process)
    {
        int status = 0;
        return ::waitpid(process.pid(), &status, 0) == process.pid() ? status : -1;
    }

    QTemporaryDir m_dir;
    test::FakeClock m_clock;
};

void ManagedProcessTest::restartsWithGrowingPauses()
{
    ManagedProcess process = shell("exit 3", ManagedProcess::Restart::Always);
    process.start();
    process.handleExit(reap(process));
    QCOMPARE(process.lastExit(), std::string("exit code 3"));
    m_clock.advance(199ms);
    process.tick();
    QVERIFY(!process.isRunning());
    m_clock.advance(1ms);
    process.tick();
    QVERIFY(process.isRunning());
    process.handleExit(reap(process));
    m_clock.advance(399ms);
    process.tick();
    QVERIFY(!process.isRunning());
    m_clock.advance(1ms);
    process.tick();
    QCOMPARE(process.restarts(), 2U);
    process.handleExit(reap(process));
}

void ManagedProcessTest::noticesTheReadyLine()
{
    ManagedProcess process = shell("echo starting; echo '{\"event\":\"ready\"}'; exec sleep 30",
        ManagedProcess::Restart::Never);
    process.start();
    QTRY_VERIFY((process.readOutput(), process.saidReady()));
    process.stop(5s);
    process.handleExit(reap(process));
    QVERIFY(process.isDown());
}

void ManagedProcessTest::killsWhatIgnoresTheRequest()
{
    ManagedProcess process
        = shell("trap '' TERM; echo '{\"event\":\"ready\"}'; while :; do sleep 1; done",
            ManagedProcess::Restart::Always);
    process.start();
    QTRY_VERIFY((process.readOutput(), process.saidReady()));
    process.stop(2s);
    m_clock.advance(2s);
    process.tick();
    process.handleExit(reap(process));
    QCOMPARE(process.lastExit(), std::string("signal 9 (Killed)"));
    QVERIFY(process.isDown());
}

void ManagedProcessTest::reportsAProgramThatDoesNotExist()
{
    ChildSpec spec;
    spec.command = {"no-such-program-here"};
    const auto child = spawn(spec);
    QVERIFY(!child);
    QCOMPARE(child.error().code, ErrorCode::NotFound);
    QCOMPARE(child.error().message,
        std::string("cannot start \"no-such-program-here\": No such file or directory"));
}

void ManagedProcessTest::logStaysBounded()
{
    const QString path = m_dir.filePath(QStringLiteral("bounded"));
    LogFile log(path.toStdString(), 100);
    for (int i = 0; i < 50; ++i)
        log.append("twenty bytes of text");
    QVERIFY(QFile(path).size() <= 100);
    QVERIFY(QFile(path + QStringLiteral(".1")).size() <= 100);
}

void ManagedProcessTest::portsAreNotGivenTwice()
{
    PortAllocator ports(7);
    QSet<int> seen;
    for (int i = 0; i < 200; ++i) {
        const auto port = ports.take();
        QVERIFY(port.has_value());
        QVERIFY(!seen.contains(*port));
        QVERIFY(*port < 32768);
        seen.insert(*port);
    }
}

QTEST_GUILESS_MAIN(ManagedProcessTest)
#include "tst_managed_process.moc"
