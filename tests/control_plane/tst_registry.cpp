// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/discovery/registry.h"
#include "embedded-mesh/control_plane/discovery/stable_bytes.h"
#include "tests/support/fake_clock.h"

#include <QtTest>

using namespace meshyard;
using namespace meshyard::control_plane;

namespace {

WorkloadPlan plan(
    const char* name, const char* service, std::uint32_t replicas, const char* program)
{
    kinds::v1::Workload workload;
    workload.set_service(service);
    workload.set_version("v1");
    workload.add_command(program);
    workload.set_replicas(replicas);
    workload.add_ports()->set_port(9080);
    return planWorkload("production", name, workload);
}

v1::SupervisorHello hello()
{
    v1::SupervisorHello hello;
    hello.set_host_id("here");
    hello.set_capture_base("127.16.0.0");
    return hello;
}

std::vector<std::string> idsOf(const v1::SupervisorOrder& order)
{
    std::vector<std::string> ids;
    for (const v1::InstanceSpec& spec : order.desired())
        ids.push_back(spec.id());
    return ids;
}

v1::SupervisorReport allAre(const v1::SupervisorOrder& order, const char* state)
{
    v1::SupervisorReport report;
    for (const v1::InstanceSpec& spec : order.desired()) {
        v1::InstanceStatus& status = *report.add_instances();
        status.set_id(spec.id());
        status.set_state(state);
        status.set_captured(true);
        *status.mutable_spec() = spec;
    }
    return report;
}

using Ids = std::vector<std::string>;

} // namespace

class RegistryTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ordersWhatWorkloadsAsk();
    void givesEveryServiceAnAddressOfItsOwn();
    void replacesRolling();
    void adoptsRunningInstancesAfterARestart();
    void aForegroundInstanceVanishesWithItsSupervisor();
    void namesInstancesByLetters();

private:
    test::FakeClock m_clock;
};

void RegistryTest::ordersWhatWorkloadsAsk()
{
    Registry registry(m_clock);
    registry.setWorkloads({plan("reviews-v1", "reviews", 2, "a")});
    const auto session = registry.attach(hello());
    registry.reconcile();
    QCOMPARE(idsOf(registry.order(*session)), (Ids{"reviews-v1-a", "reviews-v1-b"}));
    registry.setWorkloads({plan("reviews-v1", "reviews", 1, "a")});
    registry.reconcile();
    QCOMPARE(idsOf(registry.order(*session)), (Ids{"reviews-v1-a"}));
}

void RegistryTest::givesEveryServiceAnAddressOfItsOwn()
{
    Registry registry(m_clock);
    registry.setWorkloads(
        {plan("reviews-v1", "reviews", 1, "a"), plan("ratings-v1", "ratings", 1, "a")});
    const auto session = registry.attach(hello());
    registry.reconcile();
    std::set<std::string> addresses;
    const v1::SupervisorOrder order = registry.order(*session);
    for (const v1::InstanceSpec& spec : order.desired()) {
        QCOMPARE(spec.hosts_size(), 2);
        for (const v1::HostsEntry& entry : spec.hosts()) {
            addresses.insert(entry.address());
            QCOMPARE(entry.names_size(), 4);
        }
    }
    QCOMPARE(addresses.size(), std::size_t{4}); // of each caller's own
}

void RegistryTest::replacesRolling()
{
    Registry registry(m_clock);
    registry.setWorkloads({plan("reviews-v1", "reviews", 1, "old")});
    const auto session = registry.attach(hello());
    registry.reconcile();
    registry.report(*session, allAre(registry.order(*session), "ready"));
    registry.setWorkloads({plan("reviews-v1", "reviews", 1, "new")});
    registry.reconcile();
    const v1::SupervisorOrder both = registry.order(*session);
    QCOMPARE(idsOf(both), (Ids{"reviews-v1-a", "reviews-v1-b"}));
    registry.report(*session, allAre(both, "ready"));
    registry.reconcile();
    QCOMPARE(idsOf(registry.order(*session)), (Ids{"reviews-v1-b"}));
}

void RegistryTest::adoptsRunningInstancesAfterARestart()
{
    v1::SupervisorReport running;
    {
        Registry before(m_clock);
        before.setWorkloads(
            {plan("reviews-v1", "reviews", 2, "a"), plan("ratings-v1", "ratings", 1, "a")});
        const auto session = before.attach(hello());
        before.reconcile();
        running = allAre(before.order(*session), "ready");
    }
    Registry registry(m_clock);
    registry.setWorkloads(
        {plan("reviews-v1", "reviews", 2, "a"), plan("ratings-v1", "ratings", 1, "a")});
    const auto session = registry.attach(hello());
    registry.report(*session, running);
    registry.reconcile();
    const v1::SupervisorOrder order = registry.order(*session);
    QCOMPARE(order.desired_size(), 3);
    for (int i = 0; i < 3; ++i)
        QCOMPARE(stableBytes(order.desired(i)), stableBytes(running.instances(i).spec()));
    QCOMPARE(registry.counts().ready, 3U);
}

void RegistryTest::aForegroundInstanceVanishesWithItsSupervisor()
{
    Registry registry(m_clock);
    v1::SupervisorHello with = hello();
    with.mutable_foreground()->set_service("shopper");
    with.mutable_foreground()->set_namespace_("production");
    with.mutable_foreground()->set_sidecar(true);
    const auto session = registry.attach(with);
    registry.reconcile();
    QCOMPARE(idsOf(registry.order(*session)), (Ids{"shopper-a"}));
    registry.report(*session, allAre(registry.order(*session), "ready"));
    QVERIFY(!registry.embedded());
    registry.detach(*session);
    QVERIFY(registry.instances().empty());
    QCOMPARE(registry.nodesById().at("shopper-a").service, std::string("shopper"));
    m_clock.advance(std::chrono::seconds(61));
    registry.reconcile();
    QVERIFY(registry.nodesById().empty());
}

void RegistryTest::namesInstancesByLetters()
{
    QCOMPARE(instanceId("production", "reviews-v2", 0), std::string("reviews-v2-a"));
    QCOMPARE(instanceId("staging", "reviews-v2", 25), std::string("staging-reviews-v2-z"));
    QCOMPARE(instanceId("production", "reviews-v2", 26), std::string("reviews-v2-aa"));
}

QTEST_GUILESS_MAIN(RegistryTest)
#include "tst_registry.moc"
