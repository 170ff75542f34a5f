// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/store/data_dir_lock.h"
#include "embedded-mesh/control_plane/store/store.h"
#include "tests/support/fake_clock.h"

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

using namespace meshyard;
using namespace meshyard::control_plane;

namespace {

config::ResourceId rule(const char* name)
{
    return {"DestinationRule", "production", name};
}

ChangeSet write(const char* name, const char* text, std::uint64_t base = 0)
{
    ChangeSet changes;
    changes.writes = {{rule(name), "networking.istio.io/v1", std::string(text)}};
    changes.base = base;
    changes.author = "test";
    return changes;
}

} // namespace

class StoreTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_dir = std::make_unique<QTemporaryDir>();
        m_store = reopen();
        QVERIFY(m_store);
    }

    void keepsEveryRevisionAcrossARestart()
    {
        QCOMPARE(m_store->apply(write("a", "one\n"))->number, 1U);
        QCOMPARE(m_store->apply(write("a", "two\n"))->number, 2U);
        const std::string id = m_store->meshId();
        m_store.reset();
        m_store = reopen();
        QCOMPARE(m_store->meshId(), id);
        QCOMPARE(m_store->newest(), 2U);
        QCOMPARE(m_store->resources().at(0).text, std::string("two\n"));
        QCOMPARE(m_store->resources().at(0).created, 1U);
        QCOMPARE(m_store->resourcesAt(1)->at(0).text, std::string("one\n"));
        QVERIFY(!m_store->resourcesAt(3));
    }

    void anUnchangedDocumentIsNoRevision()
    {
        QCOMPARE(m_store->apply(write("a", "one\n"))->number, 1U);
        const auto again = m_store->apply(write("a", "one\n"));
        QCOMPARE(again->number, 1U);
        QVERIFY(again->changes.empty());
    }

    void refusesAnOldBaseOnlyForWhatChanged()
    {
        QVERIFY(m_store->apply(write("a", "one\n")));
        QVERIFY(m_store->apply(write("a", "two\n")));
        QVERIFY(m_store->apply(write("b", "other\n", 1)));
        const auto stale = m_store->apply(write("a", "three\n", 1));
        QVERIFY(!stale);
        QCOMPARE(stale.error().code, ErrorCode::Aborted);
        QVERIFY(stale.error().message.find("DestinationRule/production/a changed in revision 2")
            != std::string::npos);
        ChangeSet referring = write("c", "refers to a\n", 1);
        referring.references = {rule("a")};
        QCOMPARE(m_store->apply(referring).error().code, ErrorCode::Aborted);
        QCOMPARE(m_store->newest(), 3U);
    }

    void undoAndRedoWalkTheHistory()
    {
        QVERIFY(m_store->apply(write("a", "one\n")));
        QVERIFY(m_store->apply(write("a", "two\n")));
        QVERIFY(m_store->undo("test"));
        QCOMPARE(m_store->resources().at(0).text, std::string("one\n"));
        QVERIFY(m_store->undo("test"));
        QVERIFY(m_store->resources().empty());
        QCOMPARE(m_store->undo("test").error().code, ErrorCode::FailedPrecondition);
        m_store = nullptr;
        m_store = reopen();
        QVERIFY(m_store->redo("test"));
        QVERIFY(m_store->redo("test"));
        QCOMPARE(m_store->resources().at(0).text, std::string("two\n"));
        QVERIFY(!m_store->canRedo());
        QVERIFY(m_store->undo("test"));
        QVERIFY(m_store->apply(write("b", "new\n")));
        QVERIFY(!m_store->canRedo());
        QVERIFY(m_store->revision(2)->undone);
    }

    void rollsBackWholeAndCanUndoThat()
    {
        QVERIFY(m_store->apply(write("a", "one\n")));
        QVERIFY(m_store->apply(write("b", "two\n")));
        QCOMPARE(m_store->planRollback(1)->size(), std::size_t{1});
        const auto back = m_store->rollback(1, "test");
        QVERIFY(back);
        QCOMPARE(m_store->resources().size(), std::size_t{1});
        QVERIFY(m_store->undo("test"));
        QCOMPARE(m_store->resources().size(), std::size_t{2});
        QCOMPARE(m_store->rollback(9, "test").error().code, ErrorCode::OutOfRange);
    }

    void theSeedIsNotUndone()
    {
        ChangeSet seed = write("a", "one\n");
        seed.kind = RevisionKind::Seed;
        QVERIFY(m_store->apply(seed));
        QVERIFY(!m_store->canUndo());
    }

    void setsADamagedFileAside()
    {
        QVERIFY(m_store->apply(write("a", "one\n")));
        m_store.reset();
        QFile file(m_dir->filePath(QStringLiteral("state.sqlite")));
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("this is no database, whatever its name says; it is longer than a header....");
        file.close();
        m_store = reopen();
        QVERIFY(m_store);
        QVERIFY(m_store->notice().find("was damaged; it is kept as") != std::string::npos);
        QVERIFY(m_store->resources().empty());
        const QStringList aside
            = QDir(m_dir->path()).entryList({QStringLiteral("state.sqlite.damaged-*")});
        QVERIFY(!aside.isEmpty());
    }

    void operationsAreNoRevisions()
    {
        QVERIFY(m_store->apply(write("a", "one\n")));
        QVERIFY(m_store->putOperation({"o1", std::string("\0x", 2), 77}, "trip"));
        QCOMPARE(m_store->newest(), 1U);
        m_store.reset();
        m_store = reopen();
        QCOMPARE(m_store->operations().size(), std::size_t{1});
        QCOMPARE(m_store->operations()[0].payload, std::string("\0x", 2));
        QVERIFY(m_store->removeOperation("o1", "release"));
        QVERIFY(m_store->operations().empty());
    }

    void oneControlPlanePerFolder()
    {
        const std::string dir = m_dir->path().toStdString();
        const auto first = DataDirLock::acquire(dir);
        QVERIFY(first);
        const auto second = DataDirLock::acquire(dir);
        QVERIFY(!second);
        QCOMPARE(second.error().message,
            "another meshyardd (pid " + std::to_string(::getpid()) + ") serves " + dir
                + "; stop it or choose another folder with --data-dir");
    }

private:
    std::unique_ptr<Store> reopen()
    {
        auto store = Store::open(m_dir->path().toStdString(), m_clock);
        return store ? std::move(*store) : nullptr;
    }

    test::FakeClock m_clock;
    std::unique_ptr<QTemporaryDir> m_dir;
    std::unique_ptr<Store> m_store;
};

QTEST_GUILESS_MAIN(StoreTest)
#include "tst_store.moc"
