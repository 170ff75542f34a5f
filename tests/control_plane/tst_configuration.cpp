// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/admin/configuration.h"
#include "embedded-mesh/control_plane/admin/override_book.h"
#include "tests/support/fake_clock.h"

#include <QTemporaryDir>
#include <QtTest>

#include <algorithm>

using namespace meshyard;
using namespace meshyard::control_plane;

namespace {

constexpr const char* kRule = R"(# kept as written
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: reviews
spec:
  host: reviews
  subsets:
  - name: v1
    labels: {version: v1}
)";

v1::ApplyRequest documents(const std::string& text)
{
    v1::ApplyRequest request;
    v1::DocumentText& document = *request.add_documents();
    document.set_name("rule.yaml");
    document.set_text(text);
    return request;
}

} // namespace

class ConfigurationTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init()
    {
        m_configuration.reset();
        m_store.reset();
        m_dir = std::make_unique<QTemporaryDir>();
        m_store = std::move(*Store::open(m_dir->path().toStdString(), m_clock));
        m_configuration
            = std::make_unique<Configuration>(*m_store, [] { return config::MeshView(); });
    }

    void storesTheSourceText()
    {
        const auto applied = m_configuration->apply(documents(kRule));
        QVERIFY(applied && applied->stored());
        QCOMPARE(applied->revision(), std::uint64_t{1});
        const auto got = m_configuration->get({});
        QCOMPARE(got->resources(0).text(), std::string(kRule));
        QCOMPARE(got->resources(0).ref().namespace_(), std::string("production"));
        QCOMPARE(m_configuration->resources()->size(), std::size_t{1});
    }

    void anErrorNamesItsPlaceAndChangesNothing()
    {
        std::string wrong = kRule;
        wrong.replace(wrong.find("subsets"), 7, "subzets");
        const auto applied = m_configuration->apply(documents(wrong));
        QVERIFY(applied && !applied->stored());
        const v1::Diagnostic& finding = applied->diagnostics(0);
        QCOMPARE(finding.severity(), v1::ERROR);
        QCOMPARE(finding.file(), std::string("rule.yaml"));
        QCOMPARE(finding.line(), 8U);
        QCOMPARE(finding.column(), 3U);
        QVERIFY(finding.message().find("subsets") != std::string::npos);
        QCOMPARE(m_store->newest(), std::uint64_t{0});
    }

    void oneNameInTwoTextsIsAnError()
    {
        v1::ApplyRequest request = documents(kRule);
        v1::DocumentText& other = *request.add_documents();
        other.set_name("other.yaml");
        other.set_text(std::string("# one line more\n") + kRule);
        const auto applied = m_configuration->apply(request);
        QVERIFY(applied && !applied->stored());
        const auto& all = applied->diagnostics();
        const auto isError = [](const v1::Diagnostic& d) { return d.severity() == v1::ERROR; };
        QCOMPARE(std::count_if(all.begin(), all.end(), isError), 1);
        const v1::Diagnostic& finding = *std::find_if(all.begin(), all.end(), isError);
        QCOMPARE(finding.code(), std::string("MY0113"));
        QCOMPARE(finding.file(), std::string("other.yaml"));
        QCOMPARE(finding.line(), 6U);
        QCOMPARE(finding.column(), 9U);
        QCOMPARE(finding.message(),
            std::string("DestinationRule production/reviews stands twice in this request: "
                        "rule.yaml:2 and other.yaml:3; keep one"));
        QCOMPARE(m_store->newest(), std::uint64_t{0});
    }

    void whatIsWrittenCannotBeDeletedToo()
    {
        v1::ApplyRequest request = documents(kRule);
        v1::ResourceRef& ref = *request.add_deletes();
        ref.set_kind("dr");
        ref.set_name("reviews");
        const auto applied = m_configuration->apply(request);
        QVERIFY(!applied);
        QCOMPARE(applied.error().code, ErrorCode::InvalidArgument);
        QCOMPARE(applied.error().message,
            std::string("DestinationRule production/reviews is both deleted and written in this "
                        "request; keep one"));
    }

    void aDryRunShowsTheDiffAndStoresNothing()
    {
        QVERIFY(m_configuration->apply(documents(kRule)));
        std::string changed = kRule;
        changed.replace(changed.find("host: reviews"), 13, "host: ratings");
        v1::ApplyRequest request = documents(changed);
        request.set_dry_run(true);
        const auto planned = m_configuration->apply(request);
        QVERIFY(planned && !planned->stored());
        QVERIFY(planned->changes(0).unified_diff().find("-  host: reviews\n+  host: ratings\n")
            != std::string::npos);
        QCOMPARE(m_store->newest(), std::uint64_t{1});
    }

    void deletesAndUndoes()
    {
        QVERIFY(m_configuration->apply(documents(kRule)));
        v1::ApplyRequest request;
        v1::ResourceRef& ref = *request.add_deletes();
        ref.set_kind("dr");
        ref.set_name("reviews");
        QVERIFY(m_configuration->apply(request)->stored());
        QVERIFY(m_configuration->resources()->empty());
        QVERIFY(m_configuration->undo({})->stored());
        QCOMPARE(m_configuration->resources()->size(), std::size_t{1});
        const auto revisions = m_configuration->revisions({}, 2);
        QCOMPARE(revisions->revisions_size(), 3);
        QVERIFY(revisions->revisions(0).is_undo() && !revisions->revisions(0).applied());
        QVERIFY(revisions->revisions(1).undone());
    }

    void overridesSurviveARestartAndExpire()
    {
        v1::SetOverrideRequest request;
        request.mutable_edge()->set_destination_service("ratings");
        request.set_kind(v1::FORCED_OPEN);
        request.set_ttl_ms(5'000);
        {
            OverrideBook book(*m_store, m_clock);
            QVERIFY(book.set(request));
        }
        OverrideBook book(*m_store, m_clock);
        QCOMPARE(book.active().size(), std::size_t{1});
        QCOMPARE(book.active()[0].reason(), std::string("manual"));
        m_clock.advance(std::chrono::milliseconds(4'999));
        QVERIFY(book.expire().empty());
        m_clock.advance(std::chrono::milliseconds(1));
        QCOMPARE(book.expire().size(), std::size_t{1});
        QVERIFY(book.takeChanged());
        QVERIFY(m_store->operations().empty());
        request.set_ttl_ms(4'999);
        QCOMPARE(book.set(request).error().code, ErrorCode::InvalidArgument);
    }

    void aNewOverrideReplacesTheOldOneOfItsEdge()
    {
        OverrideBook book(*m_store, m_clock);
        v1::SetOverrideRequest request;
        request.mutable_edge()->set_destination_service("ratings");
        request.set_kind(v1::FORCED_OPEN);
        QVERIFY(book.set(request));
        request.set_kind(v1::FORCED_CLOSED);
        QVERIFY(book.set(request));
        QCOMPARE(book.active().size(), std::size_t{1});
        QCOMPARE(book.active()[0].kind(), v1::FORCED_CLOSED);
        v1::ReleaseOverrideRequest release;
        *release.mutable_edge() = request.edge();
        QCOMPARE(book.release(release)->size(), std::size_t{1});
        QCOMPARE(book.release(release).error().code, ErrorCode::NotFound);
    }

private:
    test::FakeClock m_clock;
    std::unique_ptr<QTemporaryDir> m_dir;
    std::unique_ptr<Store> m_store;
    std::unique_ptr<Configuration> m_configuration;
};

QTEST_GUILESS_MAIN(ConfigurationTest)
#include "tst_configuration.moc"
