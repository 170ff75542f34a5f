// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/diff.h"
#include "embedded-mesh/config/edits.h"
#include "embedded-mesh/config/merge.h"
#include "embedded-mesh/config/validate.h"
#include "embedded-mesh/document/text_patch.h"

#include <QFile>
#include <QTest>

#include <array>
#include <random>

using namespace meshyard;
using namespace meshyard::config;

/// Damaged texts must give diagnostics or results, never a crash; run it under the asan preset.
class MutationsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void damagedTextsAreSurvived();
};

namespace {

std::string readFile(const char* name)
{
    QFile file(QStringLiteral(MESHYARD_TEST_DATA "/config/") + QString::fromLatin1(name));
    return file.open(QIODevice::ReadOnly) ? file.readAll().toStdString() : std::string();
}

std::string mutate(std::string text, std::mt19937& random)
{
    static constexpr std::array<const char*, 20> kPieces
        = {"\n", "  ", "- ", ": ", "{", "}", "[", "]", "'", "\"", "|\n", "&a ", "*a", "# ", "---\n",
            "\t", "\xff", "99999999999999999999", "-1", "~"};
    const std::size_t rounds = 1 + random() % 4;
    for (std::size_t i = 0; i < rounds && !text.empty(); ++i) {
        const std::size_t at = random() % text.size();
        const std::size_t length = 1 + random() % 12;
        switch (random() % 4) {
        case 0:
            text.erase(at, length);
            break;
        case 1:
            text.insert(at, kPieces[random() % kPieces.size()]);
            break;
        case 2:
            text.insert(at, text.substr(random() % text.size(), length * 4));
            break;
        default:
            text[at] = static_cast<char>(random() % 256);
            break;
        }
    }
    return text;
}

} // namespace

void MutationsTest::damagedTextsAreSurvived()
{
    const std::string mesh = readFile("mesh.yaml");
    const std::string routing = readFile("routing.yaml");
    QVERIFY(!mesh.empty() && !routing.empty());
    const auto others = parseResources(mesh).resources;
    std::mt19937 random(4711);
    std::size_t clean = 0;
    for (int i = 0; i < 150; ++i) {
        const std::string text = mutate(i % 2 == 0 ? routing : mesh, random);
        const auto parsed = parseResources(text);
        for (const auto& d : parsed.diagnostics)
            QVERIFY(!d.message.empty() && !d.code.empty());
        const auto found = validate(parsed.resources, others, {});
        clean += found.empty() && parsed.diagnostics.empty() ? 1U : 0U;
        const auto rerouted = rerouteEdit(parsed.resources,
            {{"production", "reviews"}, {}, {}, {{{"production", "reviews"}, "v9", 1}}});
        QVERIFY(rerouted.has_value() || !rerouted.error().message.empty());
        for (const Resource& resource : parsed.resources) {
            const auto changed = editFields(
                resource.text, std::vector<FieldChange>{{"spec.added.here", "[1, 2]"}});
            if (changed)
                QVERIFY(merge(resource.text, *changed, resource.text).has_value());
        }
        (void)diff(others, parsed.resources);
    }
    qInfo("%zu of 150 damaged texts are still fine", clean);
}

QTEST_APPLESS_MAIN(MutationsTest)
#include "tst_mutations.moc"
