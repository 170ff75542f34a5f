// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reroute/reroute_card.h"

#include "ui/theme/theme.h"

#include <QGridLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QPushButton>
#include <QStyle>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kWidth = 300;

void setRole(QLabel* label, const QString& role)
{
    label->setProperty("role", role);
    label->style()->unpolish(label);
    label->style()->polish(label);
}

} // namespace

RerouteCard::RerouteCard(const UiContext& context, QWidget* parent)
    : QFrame(parent)
    , m_context(context)
    , m_subtitle(new QLabel(this))
    , m_grid(new QGridLayout)
    , m_verdict(new QLabel(this))
    , m_apply(new QPushButton(tr("Apply"), this))
    , m_diff(new QPushButton(tr("YAML diff"), this))
{
    setObjectName(u"popover"_s);
    setAccessibleName(tr("If you apply this"));
    setFixedWidth(kWidth);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 12, 16, 12);
    layout->setSpacing(6);
    auto* title = new QLabel(tr("If you apply this"), this);
    title->setProperty("role", u"title"_s);
    m_subtitle->setProperty("role", u"sub"_s);
    m_subtitle->setWordWrap(true);
    m_verdict->setWordWrap(true);
    m_verdict->setTextFormat(Qt::PlainText);
    m_apply->setObjectName(u"applyReroute"_s);
    m_apply->setProperty("role", u"primary"_s);
    auto* esc = new QLabel(tr("Esc"), this);
    esc->setProperty("role", u"sub"_s);
    m_grid->setHorizontalSpacing(8);
    m_grid->setVerticalSpacing(3);
    m_grid->setColumnStretch(0, 1);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_apply, 1);
    buttons->addWidget(m_diff);
    buttons->addWidget(esc);
    layout->addWidget(title);
    layout->addWidget(m_subtitle);
    layout->addLayout(m_grid);
    layout->addWidget(m_verdict);
    layout->addLayout(buttons);
    connect(m_apply, &QPushButton::clicked, this, &RerouteCard::applyWanted);
    connect(m_diff, &QPushButton::clicked, this, &RerouteCard::diffWanted);
    hide();
}

void RerouteCard::show(const Prediction& prediction, const QString& subtitle)
{
    m_subtitle->setText(subtitle);
    while (QLayoutItem* item = m_grid->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    int row = 0;
    for (const PredictedFigure& figure : prediction.figures)
        showRow(row++, figure);
    if (prediction.crossed.isEmpty())
        setVerdict(tr("No limit and no open breaker is crossed."), u"ok"_s);
    else
        setVerdict(prediction.crossed.join(u'\n'), u"bad"_s);
    QFrame::show();
    fitHeight();
    raise();
}

void RerouteCard::fitHeight()
{
    // Wrapped words: adjustSize() does not know their height.
    layout()->activate();
    resize(width(), layout()->totalHeightForWidth(width()));
}

void RerouteCard::showRow(int row, const PredictedFigure& figure)
{
    auto* name = new QLabel(figure.name, this);
    name->setTextFormat(Qt::PlainText);
    auto* before = new QLabel(figure.before, this);
    auto* arrow = new QLabel(u"→"_s, this);
    auto* after = new QLabel(figure.after, this);
    name->setProperty("role", figure.tone == PredictedFigure::Tone::Sub ? u"sub"_s : u"plain"_s);
    before->setProperty("role", u"sub"_s);
    arrow->setProperty("role", u"sub"_s);
    QFont figures = Theme::monoFont(12);
    before->setFont(figures);
    figures.setWeight(QFont::DemiBold);
    after->setFont(figures);
    if (figure.tone == PredictedFigure::Tone::Good)
        after->setProperty("role", u"ok"_s);
    else if (figure.tone == PredictedFigure::Tone::Bad)
        after->setProperty("role", u"bad"_s);
    m_grid->addWidget(name, row, 0);
    m_grid->addWidget(before, row, 1, Qt::AlignRight);
    m_grid->addWidget(arrow, row, 2);
    m_grid->addWidget(after, row, 3, Qt::AlignRight);
    // A visible card does not show its new children by itself.
    for (QLabel* label : {name, before, arrow, after})
        label->show();
}

void RerouteCard::setVerdict(const QString& text, const QString& role)
{
    m_verdict->setText(text);
    setRole(m_verdict, role);
}

void RerouteCard::setDecidable(bool decidable)
{
    m_apply->setEnabled(decidable);
    m_diff->setEnabled(decidable);
    if (decidable)
        m_apply->setFocus(Qt::PopupFocusReason);
}

void RerouteCard::setRefusal(const QString& words)
{
    setVerdict(words, u"bad"_s);
    m_apply->setEnabled(true);
    m_apply->setText(tr("Try again"));
    fitHeight();
}

void RerouteCard::setPending()
{
    m_apply->setText(tr("Apply"));
    m_apply->setEnabled(false);
    setVerdict(tr("Waiting for the proxies …"), u"sub"_s);
}

void RerouteCard::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        Q_EMIT cancelled();
    else
        QFrame::keyPressEvent(event);
}

} // namespace meshyard::ui
