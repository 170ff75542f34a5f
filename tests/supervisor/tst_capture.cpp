// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/capture.h"
#include "embedded-mesh/supervisor/child_process.h"

#include <QTemporaryDir>
#include <QtTest>

#include <sys/stat.h>
#include <sys/wait.h>

#include <fstream>

using namespace meshyard;
using namespace meshyard::supervisor;

class CaptureTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void keepsTheHostsOwnLines();
    void rewritesWithoutANewInode();
    void claimsDifferentBlocks();
    void programSeesItsOwnNames();

private:
    std::string path(const char* name) const
    {
        return m_dir.filePath(QString::fromUtf8(name)).toStdString();
    }
    QTemporaryDir m_dir;
};

void CaptureTest::keepsTheHostsOwnLines()
{
    const std::string text
        = renderHosts("127.0.0.1 localhost", {{"127.16.4.1", {"reviews", "reviews.production"}}});
    QCOMPARE(text, std::string("127.0.0.1 localhost\n127.16.4.1 reviews reviews.production\n"));
}

void CaptureTest::rewritesWithoutANewInode()
{
    const std::string file = path("hosts");
    QVERIFY(rewriteInPlace(file, "a longer first text\n"));
    struct stat before{};
    QCOMPARE(::stat(file.c_str(), &before), 0);
    QVERIFY(rewriteInPlace(file, "short\n"));
    struct stat after{};
    QCOMPARE(::stat(file.c_str(), &after), 0);
    QCOMPARE(after.st_ino, before.st_ino);
    QCOMPARE(after.st_size, off_t{6});
}

void CaptureTest::claimsDifferentBlocks()
{
    const auto first = CaptureBlock::claim();
    const auto second = CaptureBlock::claim();
    QVERIFY(first && second);
    QVERIFY(first->base() != second->base());
    QVERIFY(first->base().starts_with("127."));
}

void CaptureTest::programSeesItsOwnNames()
{
    if (!captureWorks(m_dir.path().toStdString()))
        QSKIP("user and mount namespaces are not available here");
    const std::string hosts = path("private-hosts");
    QVERIFY(rewriteInPlace(hosts, "127.16.4.9 ratings\n"));
    ChildSpec spec;
    spec.command = {"sh", "-c", "grep ratings /etc/hosts > \"$OUT\""};
    spec.env["OUT"] = path("seen");
    spec.hostsFile = hosts;
    const auto child = spawn(spec);
    QVERIFY2(child.has_value(), child ? "" : child.error().message.c_str());
    int status = -1;
    QCOMPARE(::waitpid(child->pid, &status, 0), child->pid);
    QCOMPARE(describeExit(status), std::string("exit code 0"));
    std::string line;
    std::ifstream seen(path("seen"));
    std::getline(seen, line);
    QCOMPARE(line, std::string("127.16.4.9 ratings"));
}

QTEST_GUILESS_MAIN(CaptureTest)
#include "tst_capture.moc"
