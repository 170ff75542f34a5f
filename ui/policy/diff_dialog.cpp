// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/policy/diff_dialog.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSyntaxHighlighter>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

class DiffHighlighter final : public QSyntaxHighlighter
{
public:
    DiffHighlighter(QTextDocument* document, Theme& theme)
        : QSyntaxHighlighter(document)
        , m_theme(theme)
    {
    }

protected:
    void highlightBlock(const QString& text) override
    {
        const auto& t = m_theme.tokens();
        QTextCharFormat format;
        if (text.startsWith(u"+++"_s) || text.startsWith(u"---"_s)) {
            format.setForeground(t.sub);
            format.setFontWeight(QFont::Bold);
        } else if (text.startsWith(u"@@"_s)) {
            format.setForeground(t.accent);
        } else if (text.startsWith(u'+')) {
            format.setForeground(t.okText);
        } else if (text.startsWith(u'-')) {
            format.setForeground(t.badText);
        } else {
            format.setForeground(t.text);
        }
        setFormat(0, static_cast<int>(text.size()), format);
    }

private:
    Theme& m_theme;
};

} // namespace

DiffText::DiffText(Theme& theme, QWidget* parent)
    : QWidget(parent)
    , m_text(new QPlainTextEdit(this))
{
    m_text->setReadOnly(true);
    m_text->setFont(Theme::monoFont());
    m_text->setLineWrapMode(QPlainTextEdit::NoWrap);
    m_text->setAccessibleName(tr("Difference"));
    auto* highlighter = new DiffHighlighter(m_text->document(), theme);
    connect(&theme, &Theme::changed, highlighter, &QSyntaxHighlighter::rehighlight);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(m_text);
}

void DiffText::setDiff(const QString& unified)
{
    m_text->setPlainText(unified.isEmpty() ? tr("Nothing differs.") : unified);
}

DiffDialog::DiffDialog(Theme& theme, const QString& title, const QString& unified,
    const QString& applyText, QWidget* parent)
    : QDialog(parent)
{
    setWindowTitle(title);
    resize(720, 520);
    auto* text = new DiffText(theme, this);
    text->setDiff(unified);
    auto* buttons = new QDialogButtonBox(this);
    if (!applyText.isEmpty()) {
        QPushButton* apply = buttons->addButton(applyText, QDialogButtonBox::AcceptRole);
        apply->setObjectName(u"applyDiff"_s);
        apply->setProperty("role", u"primary"_s);
        apply->setDefault(true);
    }
    buttons->addButton(
        applyText.isEmpty() ? tr("Close") : tr("Cancel"), QDialogButtonBox::RejectRole);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    auto* heading = new QLabel(title, this);
    heading->setProperty("role", u"title"_s);
    layout->addWidget(heading);
    layout->addWidget(text, 1);
    layout->addWidget(buttons);
}

} // namespace meshyard::ui
