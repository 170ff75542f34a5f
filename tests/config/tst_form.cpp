// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/form.h"
#include "embedded-mesh/config/kinds.h"

#include <QTest>

using namespace meshyard::config;

class FormTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyBreakerFieldIsDescribed();
    void typesFollowTheDefinition();
    void everyKindHasFields();
};

void FormTest::everyBreakerFieldIsDescribed()
{
    const auto fields = formFields("CircuitBreaker");
    QCOMPARE(fields.size(), std::size_t(24));
    for (const auto& field : fields)
        QVERIFY2(!field.doc.empty(), field.path.c_str());
}

void FormTest::typesFollowTheDefinition()
{
    const auto window = formField("CircuitBreaker", "spec.window");
    QCOMPARE(window.type, FormType::Duration);
    QCOMPARE(window.defaultValue, std::string("10s"));
    QCOMPARE(window.low, 1.0);
    QCOMPARE(window.high, 300.0);
    const auto mode = formField("CircuitBreaker", "spec.mode");
    QVERIFY(mode.type == FormType::Choice
        && mode.choices == (std::vector<std::string>{"ENFORCE", "OBSERVE"}));
    QVERIFY(formField("CircuitBreaker", "spec.failureOn").list);
    const auto errors = formField("dr", "spec.trafficPolicy.outlierDetection.consecutive5xxErrors");
    QCOMPARE(errors.type, FormType::Integer);
    QCOMPARE(errors.defaultValue, std::string("5"));
    const auto timeout = formField("vs", "spec.http[].timeout");
    QCOMPARE(timeout.type, FormType::Duration);
    QCOMPARE(formField("vs", "spec.http[].match[].uri.exact").exclusive, std::string("match_type"));
    QCOMPARE(formField("vs", "spec.http[].match[].headers").type, FormType::Map);
    QVERIFY(formField("vs", "spec.nothing").path.empty());
}

void FormTest::everyKindHasFields()
{
    for (const auto& kind : kinds())
        QVERIFY2(!formFields(kind.name).empty(), kind.name.c_str());
    QVERIFY(formFields("Pod").empty());
}

QTEST_APPLESS_MAIN(FormTest)
#include "tst_form.moc"
