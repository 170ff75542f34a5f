// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/text_patch.h"
#include "embedded-mesh/document/tree_edit.h"
#include "embedded-mesh/document/yaml_parser.h"

#include <QTest>

#include <random>

using namespace meshyard;
using namespace meshyard::document;

class TextPatchTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void setsInPlace_data();
    void setsInPlace();
    void insertsAndRemoves();
    void refusesWhatIsNotThere();
    void keepsWindowsLineEnds();
    void printedStringsComeBack();
    void randomEditsGiveTheIntendedTree();
};

namespace {

FieldPath path(std::string_view text)
{
    return *FieldPath::parse(text);
}

const char kText[] = R"(# who calls reviews
apiVersion: networking.istio.io/v1   # Istio's
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
  - reviews
  http:
  # testers first
  - match:
    - headers:
        end-user: {exact: jason}   # the tester
    route:
    - destination: {host: reviews, subset: v2}
  # everybody else
  - name: "the rest"
    route:   # split
    - destination:
        host: reviews
        subset: v1
      weight: 80   # most
    - destination:
        host: reviews
        subset: v3
      weight: 20
    unknownField: [1, 2]
  # end of rules
)";

} // namespace

void TextPatchTest::setsInPlace_data()
{
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    const auto row
        = [](const char* path, const char* value, const char* before, const char* after) {
              QTest::newRow(path) << QByteArray(path) << QByteArray(value) << QByteArray(before)
                                  << QByteArray(after);
          };
    row("spec.http[1].route[0].weight", "50", "weight: 80   # most", "weight: 50   # most");
    row("spec.http[1].name", "others", "\"the rest\"", "others");
    row("spec.http[0].route[0].destination.subset", "v3", "subset: v2}", "subset: v3}");
    row("spec.http[0].route[0].destination.port", "{number: 9080}", "subset: v2}",
        "subset: v2, port: {number: 9080}}");
    row("spec.http[1].timeout", "2s", "    unknownField: [1, 2]\n",
        "    unknownField: [1, 2]\n    timeout: 2s\n");
    row("spec.http[0].timeout", "2s", "    - destination: {host: reviews, subset: v2}\n",
        "    - destination: {host: reviews, subset: v2}\n    timeout: 2s\n");
    row("spec.http[1].retries.attempts", "3", "[1, 2]\n",
        "[1, 2]\n    retries:\n      attempts: 3\n");
    row("metadata.labels[\"a.b/c\"]", "x", "  name: reviews\nspec",
        "  name: reviews\n  labels:\n    a.b/c: x\nspec");
    row("spec.http[1].unknownField", "null", "unknownField: [1, 2]", "unknownField: null");
    row("spec.http[1].route", "[]",
        "    route:   # split\n    - destination:\n        host: reviews\n        subset: v1\n     "
        " weight: "
        "80   # most\n    - destination:\n        host: reviews\n        subset: v3\n      weight: "
        "20\n",
        "    route: []   # split\n");
    row("spec.hosts", "[{a: 1}]", "  hosts:\n  - reviews\n", "  hosts:\n  - a: 1\n");
}

void TextPatchTest::setsInPlace()
{
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, value);
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    auto patch = TextPatch::open(kText);
    QVERIFY(patch.has_value());
    const auto tree = parseStream("v: " + value.toStdString()).documents.front().root;
    const auto done = patch->set(::path(path.toStdString()), *tree.find("v"));
    QVERIFY2(done.has_value(), done ? "" : done.error().message.c_str());
    const QByteArray expected = QByteArray(kText).replace(before, after);
    QVERIFY(expected != QByteArray(kText));
    QCOMPARE(QByteArray::fromStdString(patch->text()), expected);
}

void TextPatchTest::insertsAndRemoves()
{
    auto patch = TextPatch::open(kText);
    const auto rule = Node::map({{"route",
        Node::sequence({Node::map({{"destination",
            Node::map({{"host", Node::string("reviews")}, {"subset", Node::string("v1")}})}})})}});
    QVERIFY(patch->insert(path("spec.http"), 1, rule).has_value());
    QByteArray expected = QByteArray(kText).replace("  # everybody else\n",
        "  - route:\n    - destination:\n        host: reviews\n        subset: v1\n  # everybody "
        "else\n");
    QCOMPARE(QByteArray::fromStdString(patch->text()), expected);

    QVERIFY(patch->remove(path("spec.http[1]")).has_value());
    QCOMPARE(QByteArray::fromStdString(patch->text()), QByteArray(kText));

    QVERIFY(patch->insert(path("spec.hosts"), 9, Node::string("reviews.staging")).has_value());
    QVERIFY(patch->remove(path("spec.http[1].name")).has_value());
    QVERIFY(patch->remove(path("spec.http[0].route[0].destination.subset")).has_value());
    expected = QByteArray(kText)
                   .replace("  - reviews\n", "  - reviews\n  - reviews.staging\n")
                   .replace("name: \"the rest\"\n    route:", "route:")
                   .replace(", subset: v2}", "}");
    QCOMPARE(QByteArray::fromStdString(patch->text()), expected);
}

void TextPatchTest::refusesWhatIsNotThere()
{
    auto patch = TextPatch::open(kText);
    const std::string before = patch->text();
    QCOMPARE(patch->remove(path("spec.tcp")).error().code, ErrorCode::NotFound);
    QCOMPARE(patch->set(path("spec.http[7].timeout"), Node::scalar("1s")).error().code,
        ErrorCode::NotFound);
    QCOMPARE(
        patch->set(path("kind.x"), Node::scalar("1s")).error().code, ErrorCode::FailedPrecondition);
    QCOMPARE(patch->insert(path("kind"), 0, Node::scalar("1s")).error().code,
        ErrorCode::FailedPrecondition);
    QCOMPARE(patch->text(), before);
    QCOMPARE(TextPatch::open("a: [").error().code, ErrorCode::InvalidArgument);
}

void TextPatchTest::keepsWindowsLineEnds()
{
    auto patch = TextPatch::open("a: 1 # c\r\nb:\r\n  - x\r\n");
    QVERIFY(patch->set(path("c"), Node::map({{"d", Node::number(1)}})).has_value());
    QVERIFY(patch->insert(path("b"), 1, Node::string("z")).has_value());
    QCOMPARE(QByteArray::fromStdString(patch->text()).toPercentEncoding(),
        QByteArray("a: 1 # c\r\nb:\r\n  - x\r\n  - z\r\nc:\r\n  d: 1\r\n").toPercentEncoding());
}

void TextPatchTest::printedStringsComeBack()
{
    for (const char* text : {"", " ", "a b", "a: b", "a #b", "#a", "- a", "-a", "yes", "NULL", "~",
             "1", "1e3", "0x1F", "*", "*.example.org", "&a", "!a", "a,b", "[a", "{a}", "a\nb",
             "tab\there", "\"q\"", "'", "@x", "%x", "`x", "日本語", "back\\slash", "trailing ",
             ":a", "a:", "http://x:1/y", "\x01", "... x", "\xEF\xBB\xBF:"}) {
        const auto stream
            = parseStream("k: " + printString(text) + "\nf: [" + printString(text) + ", x]\n");
        QVERIFY2(stream.documents.size() == 1, text);
        QCOMPARE(stream.documents.front().root.find("k")->text, std::string(text));
        QCOMPARE(stream.documents.front().root.find("f")->items[0].text, std::string(text));
    }
}

namespace {

/// Builds random trees and picks random places in them.
class Dice
{
public:
    explicit Dice(unsigned seed)
        : m_random(seed)
    {
    }

    std::size_t roll(std::size_t sides) { return m_random() % sides; }

    Node value(int depth)
    {
        switch (roll(depth > 0 ? 5 : 3)) {
        case 0:
            return Node::number(static_cast<std::int64_t>(roll(100)));
        case 1:
            return Node::string("text " + std::to_string(roll(9)) + (roll(3) == 0 ? ": #" : ""));
        case 2:
            return roll(2) == 0 ? Node() : Node::map();
        case 3: {
            Node map = Node::map();
            for (std::size_t i = roll(4); i > 0; --i)
                map.set("k" + std::to_string(roll(6)), value(depth - 1));
            return map;
        }
        default: {
            Node list = Node::sequence();
            for (std::size_t i = roll(4); i > 0; --i)
                list.items.push_back(value(depth - 1));
            return list;
        }
        }
    }

    FieldPath place(const Node& root)
    {
        FieldPath path;
        const Node* node = &root;
        while (!node->items.empty() && (path.empty() || roll(3) != 0)) {
            const std::size_t index = roll(node->items.size());
            path = node->isMap() ? path / node->keys[index].text : path / index;
            node = &node->items[index];
        }
        return path;
    }

private:
    std::mt19937 m_random;
};

std::size_t countComments(const std::string& text)
{
    return static_cast<std::size_t>(std::ranges::count(text, '@'));
}

} // namespace

void TextPatchTest::randomEditsGiveTheIntendedTree()
{
    const std::string start
        = "# @1\na:   # @2\n  b: 1 # @3\n  # @4\n  c:\n  - x # @5\n  - {y: 1, z: [1, 2]}\n"
          "d: |\n  literal\n  text\n\ne: &anchor {f: 1}\ng: *anchor\nh: 'quoted'  # @6\n# @7\n";
    std::size_t kept = 0;
    for (unsigned seed = 1; seed <= 400; ++seed) {
        Dice dice(seed);
        auto patch = TextPatch::open(start);
        QVERIFY(patch.has_value());
        for (int step = 0; step < 6; ++step) {
            Node intended = patch->root();
            const FieldPath where = dice.place(intended);
            const Node value = dice.value(2);
            const std::string before = patch->text();
            Result<void> done;
            Result<void> meant;
            switch (dice.roll(4)) {
            case 0:
                meant = removeFromTree(intended, where);
                done = patch->remove(where);
                break;
            case 1: {
                const std::size_t index = dice.roll(3);
                meant = insertInTree(intended, where, index, value);
                done = patch->insert(where, index, value);
                break;
            }
            case 2:
                meant = setInTree(intended, where / "new", value);
                done = patch->set(where / "new", value);
                break;
            default:
                meant = setInTree(intended, where, value);
                done = patch->set(where, value);
                break;
            }
            const std::string story = "seed " + std::to_string(seed) + " at " + where.toString()
                + "\n" + before + "=>\n" + patch->text() + (done ? "" : done.error().message);
            QVERIFY2(done.has_value() == meant.has_value(), story.c_str());
            if (!done) {
                QCOMPARE(patch->text(), before);
                continue;
            }
            const auto stream = parseStream(patch->text());
            if (stream.documents.empty())
                break; // everything was removed
            QVERIFY2(stream.documents.front().root == intended, story.c_str());
        }
        kept += countComments(patch->text());
    }
    qInfo("%.1f of 7 comments are left after 6 random edits", static_cast<double>(kept) / 400);
}

QTEST_APPLESS_MAIN(TextPatchTest)
#include "tst_text_patch.moc"
