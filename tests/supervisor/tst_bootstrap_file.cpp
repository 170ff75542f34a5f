// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/bootstrap.h"

#include <QtTest>
#include <nlohmann/json.hpp>

using namespace meshyard;

class BootstrapFileTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void saysWhoTheSidecarIsAndWhereItsConfigurationComesFrom()
    {
        v1::InstanceSpec spec;
        spec.set_id("reviews-v2-a");
        spec.set_service("reviews");
        spec.set_namespace_("production");
        spec.set_version("v2");
        (*spec.mutable_labels())["app"] = "reviews";
        spec.set_region("eu-west");
        spec.add_ports()->set_port(9080);
        v1::InstanceStatus status;
        status.set_admin("127.0.0.1:17001");
        status.set_outbound_port(17002);
        (*status.mutable_target_ports())[9080] = 17003;
        (*status.mutable_inbound_ports())[9080] = 17004;

        const auto json = nlohmann::json::parse(
            supervisor::renderBootstrap(spec, status, "unix:/run/x/xds.sock"));
        QCOMPARE(json["node"]["id"].get<std::string>(), std::string("reviews-v2-a"));
        QCOMPARE(json["node"]["cluster"].get<std::string>(), std::string("reviews"));
        const auto& metadata = json["node"]["metadata"];
        QCOMPARE(metadata["APP_PORT"].get<int>(), 17003);
        QCOMPARE(metadata["INBOUND_PORT"].get<int>(), 17004);
        QCOMPARE(metadata["OUTBOUND_PORT"].get<int>(), 17002);
        QCOMPARE(metadata["LABELS"]["app"].get<std::string>(), std::string("reviews"));
        const auto& cluster = json["static_resources"]["clusters"][0];
        QCOMPARE(cluster["name"].get<std::string>(), std::string("meshyard_control_plane"));
        const auto& address
            = cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"];
        QCOMPARE(address["pipe"]["path"].get<std::string>(), std::string("/run/x/xds.sock"));
    }
};

QTEST_GUILESS_MAIN(BootstrapFileTest)
#include "tst_bootstrap_file.moc"
