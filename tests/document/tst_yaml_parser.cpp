// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/document/field_path.h"
#include "embedded-mesh/document/yaml_parser.h"

#include <QTest>

using namespace meshyard::document;

class YamlParserTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void splitsStreams();
    void spansCoverTheirText_data();
    void spansCoverTheirText();
    void duplicateKeysAreErrors();
    void duplicateKeysInBigMaps();
    void syntaxErrorsSayWhereAndHow_data();
    void syntaxErrorsSayWhereAndHow();
    void aliasesAreResolvedAndBounded();
    void tagsWithoutValuesKeepWithinTheText();
    void escapesMakeWholeCharacters();
    void columnsCountCharacters();
};

void YamlParserTest::splitsStreams()
{
    const auto stream = parseStream("# licence\n---\na: 1\n--- # two\n\n---\nb: 2\n...\n");
    QCOMPARE(stream.problems.size(), std::size_t(0));
    QCOMPARE(stream.documents.size(), std::size_t(2));
    QCOMPARE(stream.documents[0].text, std::string("a: 1\n"));
    QCOMPARE(stream.documents[0].leading, std::string("# licence\n"));
    QCOMPARE(stream.documents[1].firstLine, 7U);
    QCOMPARE(stream.documents[1].root.find("b")->line, 7U);
}

void YamlParserTest::spansCoverTheirText_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("path");
    QTest::addColumn<QByteArray>("span");
    const auto row = [](const char* name, const char* text, const char* path, const char* span) {
        QTest::newRow(name) << QByteArray(text) << QByteArray(path) << QByteArray(span);
    };
    row("plain before comment", "a: x y # c\n", "a", "x y");
    row("double quoted", "a: \"x \\\" # y\"  # c\n", "a", "\"x \\\" # y\"");
    row("single quoted", "a: 'it''s'\n", "a", "'it''s'");
    row("plain over lines", "a: x\n  y\n  z\nb: 1\n", "a", "x\n  y\n  z");
    row("literal", "a: |\n  x: 1\n\n  y\nb: 2\n", "a", "|\n  x: 1\n\n  y");
    row("url", "a: http://h:1/#x\n", "a", "http://h:1/#x");
    row("flow map", "a: {b: 1, c: [2, 3] } # c\n", "a", "{b: 1, c: [2, 3] }");
    row("flow item", "a: {b: 1, c: [2, 3] }\n", "a.c[1]", "3");
    row("flow over lines", "a: [1, # one\n  2,\n ]\nb: 1\n", "a", "[1, # one\n  2,\n ]");
    row("json", "{\"a\":{\"b\":\"c\"}}", "a.b", "\"c\"");
    row("list at the key's column", "a:\n- b: 1\n  c: 2\n- d\ne: 1\n", "a", "- b: 1\n  c: 2\n- d");
    row("item", "a:\n- b: 1\n  c: 2\n- d\ne: 1\n", "a[0]", "b: 1\n  c: 2");
    row("empty value", "a:\nb: 1\n", "a", "");
    row("written null", "a: ~ # c\nb: 1\n", "a", "~");
    row("anchor and alias", "a: &x {b: 1}\nc: *x\n", "c", "*x");
    row("anchored", "a: &x {b: 1}\nc: *x\n", "a", "&x {b: 1}");
    row("crlf", "a: x\r\nb: y\r\n", "a", "x");
    row("empty list", "a: []\nb: 1\n", "a", "[]");
}

void YamlParserTest::spansCoverTheirText()
{
    QFETCH(QByteArray, text);
    QFETCH(QByteArray, path);
    QFETCH(QByteArray, span);
    const auto stream = parseStream(text.toStdString());
    QCOMPARE(stream.documents.size(), std::size_t(1));
    const auto& document = stream.documents.front();
    const Node* node = locate(document.root, *FieldPath::parse(path.toStdString()));
    QVERIFY(node);
    QCOMPARE(document.text.substr(node->begin, node->end - node->begin), span.toStdString());
}

void YamlParserTest::duplicateKeysAreErrors()
{
    const auto stream = parseStream("spec:\n  http:\n  - name: a\n    timeout: 1s\n    name: b\n");
    QCOMPARE(stream.problems.size(), std::size_t(1));
    const Problem& problem = stream.problems.front();
    QCOMPARE(problem.kind, ProblemKind::DuplicateKey);
    QCOMPARE(problem.path, std::string("spec.http[0].name"));
    QCOMPARE(problem.line, 5U);
    QCOMPARE(problem.column, 5U);
    QVERIFY(problem.message.find("already on line 3") != std::string::npos);
    QVERIFY(stream.documents.empty());
}

void YamlParserTest::duplicateKeysInBigMaps()
{
    std::string text;
    for (int i = 0; i < 200; ++i)
        text += "k" + std::to_string(i) + ": 1\n";
    QCOMPARE(parseStream(text).problems.size(), std::size_t(0));
    QCOMPARE(parseStream(text + "k3: 1\n").problems.size(), std::size_t(1));
    QCOMPARE(parseStream(text + "k150: 1\n").problems.size(), std::size_t(1));
}

void YamlParserTest::syntaxErrorsSayWhereAndHow_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<unsigned>("line");
    QTest::addColumn<QByteArray>("word");
    QTest::newRow("colon in text") << QByteArray("x: 1\na: b: c\n") << 2U << QByteArray("':'");
    QTest::newRow("bad indentation")
        << QByteArray("a:\n  b: 1\n c: 2\n") << 3U << QByteArray("indentation");
    QTest::newRow("open bracket") << QByteArray("a: [1, 2\n") << 2U << QByteArray("']'");
    QTest::newRow("tab") << QByteArray("a:\n\tb: 1\n") << 2U << QByteArray("");
    QTest::newRow("control byte") << QByteArray("a: 1\nb: \x01\n") << 2U << QByteArray("control");
    QTest::newRow("not UTF-8") << QByteArray("a: \xff\n") << 1U << QByteArray("UTF-8");
    QTest::newRow("after separator")
        << QByteArray("a: 1\n--- b: 2\n") << 2U << QByteArray("next line");
    QTest::newRow("second document, error")
        << QByteArray("a: 1\n---\nb: {\n") << 4U << QByteArray("'}'");
}

void YamlParserTest::syntaxErrorsSayWhereAndHow()
{
    QFETCH(QByteArray, text);
    QFETCH(unsigned, line);
    QFETCH(QByteArray, word);
    const auto stream = parseStream(text.toStdString());
    QVERIFY(!stream.problems.empty());
    QVERIFY2(stream.problems.front().line == line, toString(stream.problems.front()).c_str());
    QVERIFY2(stream.problems.front().message.find(word.toStdString()) != std::string::npos,
        stream.problems.front().message.c_str());
}

void YamlParserTest::aliasesAreResolvedAndBounded()
{
    const auto stream = parseStream("a: &x {b: 1}\nc: *x\n");
    QCOMPARE(stream.documents.front().root.find("c")->find("b")->text, std::string("1"));

    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 9; ++i) {
        const std::string last = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int k = 0; k < 10; ++k)
            bomb += (k > 0 ? ", " : "") + last;
        bomb += "]\n";
    }
    QCOMPARE(parseStream(bomb).problems.size(), std::size_t(1));
    QCOMPARE(parseStream("a: &a [*a]\n").problems.size(), std::size_t(1));
    QVERIFY(!parseStream(std::string(5000, '[')).problems.empty());
}

void YamlParserTest::tagsWithoutValuesKeepWithinTheText()
{
    for (const char* text : {"- !\n-", "- !\n- ", "a: !\nb:", "! ", "- &a\n- *a"}) {
        for (const Document& document : parseStream(text).documents)
            QVERIFY(document.root.end <= document.text.size());
    }
}

void YamlParserTest::escapesMakeWholeCharacters()
{
    const ParsedStream stream = parseStream(R"(a: "\N-\_-\x85-\u00e9-日")"
                                            "\n");
    QCOMPARE(stream.documents.front().root.find("a")->text,
        std::string("\xC2\x85-\xC2\xA0-\xC2\x85-\xC3\xA9-日"));
}

void YamlParserTest::columnsCountCharacters()
{
    const auto stream = parseStream("# 説明\n説明: {名: x}\n");
    const Node* node = stream.documents.front().root.find("説明")->find("名");
    QCOMPARE(node->line, 2U);
    QCOMPARE(node->column, 9U);
}

QTEST_APPLESS_MAIN(YamlParserTest)
#include "tst_yaml_parser.moc"
