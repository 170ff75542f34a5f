// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/editor/yaml_editor.h"

#include "widgets/editor/qscintilla_header.h"

#include <QSignalBlocker>
#include <QVBoxLayout>

#include <algorithm>

namespace meshyard::widgets {
namespace {

constexpr double kPointSize = 9.75;
constexpr int kNumbersMargin = 0;
constexpr int kSignsMargin = 1;
constexpr int kErrorMarker = 1;
constexpr int kWarningMarker = 2;
constexpr int kErrorIndicator = 8;
constexpr int kWarningIndicator = 9;

QFont editorFont()
{
    QFont font;
    font.setFamilies({QStringLiteral("JetBrains Mono"), QStringLiteral("Noto Sans Mono"),
        QStringLiteral("DejaVu Sans Mono")});
    font.setPointSizeF(kPointSize); // QScintilla asks for points only
    return font;
}

} // namespace

struct YamlEditor::Private
{
    QsciScintilla* editor = nullptr;
    QsciLexerYAML* lexer = nullptr;
    scene::Tokens tokens;
};

YamlEditor::YamlEditor(QWidget* parent)
    : QWidget(parent)
    , d(std::make_unique<Private>())
{
    d->editor = new QsciScintilla(this);
    d->lexer = new QsciLexerYAML(d->editor);
    d->editor->setLexer(d->lexer);
    d->editor->setUtf8(true);
    d->editor->setEolMode(QsciScintilla::EolUnix);
    d->editor->setIndentationsUseTabs(false);
    d->editor->setTabWidth(2);
    d->editor->setAutoIndent(true);
    d->editor->setFolding(QsciScintilla::PlainFoldStyle, 2);
    d->editor->setMarginType(kNumbersMargin, QsciScintilla::NumberMargin);
    d->editor->setMarginWidth(kNumbersMargin, QStringLiteral("0000"));
    d->editor->setMarginType(kSignsMargin, QsciScintilla::SymbolMargin);
    d->editor->setMarginWidth(kSignsMargin, 14);
    d->editor->setMarginMarkerMask(kSignsMargin, (1 << kErrorMarker) | (1 << kWarningMarker));
    d->editor->markerDefine(QsciScintilla::Circle, kErrorMarker);
    d->editor->markerDefine(QsciScintilla::RightTriangle, kWarningMarker);
    d->editor->indicatorDefine(QsciScintilla::SquiggleIndicator, kErrorIndicator);
    d->editor->indicatorDefine(QsciScintilla::DashesIndicator, kWarningIndicator);
    d->editor->setAnnotationDisplay(QsciScintilla::AnnotationIndented);
    d->editor->setCaretLineVisible(true);
    d->editor->setFrameShape(QFrame::NoFrame);
    d->editor->setScrollWidthTracking(true); // no bar below lines that fit
    d->editor->setScrollWidth(1);
    setFocusProxy(d->editor);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(d->editor);
    connect(d->editor, &QsciScintilla::textChanged, this, &YamlEditor::textEdited);
}

YamlEditor::~YamlEditor() = default;

void YamlEditor::setTokens(const scene::Tokens& tokens)
{
    d->tokens = tokens;
    d->lexer->setDefaultPaper(tokens.panel);
    d->lexer->setDefaultColor(tokens.text);
    const QFont font = editorFont();
    for (int style = 0; style <= QsciLexerYAML::SyntaxErrorMarker; ++style) {
        d->lexer->setPaper(tokens.panel, style);
        d->lexer->setColor(tokens.text, style);
        d->lexer->setFont(font, style);
    }
    d->lexer->setColor(tokens.sub, QsciLexerYAML::Comment);
    d->lexer->setColor(tokens.accent, QsciLexerYAML::Identifier);
    d->lexer->setColor(tokens.op, QsciLexerYAML::Keyword);
    d->lexer->setColor(tokens.okText, QsciLexerYAML::Number);
    d->lexer->setColor(tokens.badText, QsciLexerYAML::SyntaxErrorMarker);
    d->lexer->setColor(tokens.sub, QsciLexerYAML::DocumentDelimiter);
    d->editor->setMarginsFont(font);
    d->editor->setMarginsBackgroundColor(tokens.canvas);
    d->editor->setMarginsForegroundColor(tokens.sub);
    d->editor->setFoldMarginColors(tokens.canvas, tokens.canvas);
    d->editor->setCaretForegroundColor(tokens.text);
    d->editor->setCaretLineBackgroundColor(tokens.canvas);
    d->editor->setSelectionBackgroundColor(tokens.accent);
    d->editor->setSelectionForegroundColor(tokens.onAccent);
    d->editor->setMarkerBackgroundColor(tokens.bad, kErrorMarker);
    d->editor->setMarkerForegroundColor(tokens.bad, kErrorMarker);
    d->editor->setMarkerBackgroundColor(tokens.warn, kWarningMarker);
    d->editor->setMarkerForegroundColor(tokens.warn, kWarningMarker);
    d->editor->setIndicatorForegroundColor(tokens.bad, kErrorIndicator);
    d->editor->setIndicatorForegroundColor(tokens.warn, kWarningIndicator);
}

void YamlEditor::setText(const QString& text)
{
    const QSignalBlocker blocker(d->editor);
    d->editor->setText(text);
}

QString YamlEditor::text() const
{
    return d->editor->text();
}

void YamlEditor::setReadOnly(bool readOnly)
{
    d->editor->setReadOnly(readOnly);
}

void YamlEditor::setMarks(const std::vector<Mark>& marks)
{
    const int last = std::max(0, d->editor->lines() - 1);
    d->editor->markerDeleteAll();
    d->editor->clearAnnotations();
    for (const int indicator : {kErrorIndicator, kWarningIndicator})
        d->editor->clearIndicatorRange(0, 0, last, d->editor->lineLength(last), indicator);
    for (const Mark& mark : marks) {
        const int line = std::clamp(mark.line - 1, 0, last);
        const bool error = mark.severity == Severity::Error;
        const int length = std::max(1, d->editor->lineLength(line) - 1);
        const int from = std::clamp(mark.column - 1, 0, length);
        const int to = mark.endColumn > mark.column ? std::min(mark.endColumn - 1, length) : length;
        d->editor->markerAdd(line, error ? kErrorMarker : kWarningMarker);
        d->editor->fillIndicatorRange(
            line, from, line, std::max(to, from + 1), error ? kErrorIndicator : kWarningIndicator);
        const QsciStyle style(-1, QStringLiteral("problem"),
            error ? d->tokens.badText : d->tokens.warnText, d->tokens.canvas, editorFont());
        const QString above = d->editor->annotation(line);
        d->editor->annotate(
            line, above.isEmpty() ? mark.words : above + QLatin1Char('\n') + mark.words, style);
    }
}

void YamlEditor::goTo(int line, int column)
{
    d->editor->setCursorPosition(std::max(0, line - 1), std::max(0, column - 1));
    d->editor->ensureLineVisible(std::max(0, line - 1));
    d->editor->setFocus();
}

} // namespace meshyard::widgets
