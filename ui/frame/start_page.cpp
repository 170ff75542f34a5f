// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame/start_page.h"

#include "ui/session/mesh_session.h"
#include "ui/theme/theme.h"

#include <QAbstractButton>
#include <QGridLayout>
#include <QLabel>
#include <QPainter>
#include <QStyleOption>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kCardWidth = 380;

/// A card that is one big button.
class Card final : public QAbstractButton
{
public:
    explicit Card(QWidget* parent)
        : QAbstractButton(parent)
    {
        setObjectName(u"card"_s);
        setAttribute(Qt::WA_StyledBackground);
        setAttribute(Qt::WA_Hover);
        setCursor(Qt::PointingHandCursor);
        setFocusPolicy(Qt::StrongFocus);
        setFixedWidth(kCardWidth);
    }
    QSize sizeHint() const override { return layout()->sizeHint(); }

protected:
    void paintEvent(QPaintEvent*) override
    {
        QStyleOption option;
        option.initFrom(this);
        QPainter painter(this);
        style()->drawPrimitive(QStyle::PE_Widget, &option, &painter, this);
    }
};

QLabel* words(const QString& text, const QString& role, QWidget* parent)
{
    auto* label = new QLabel(text, parent);
    label->setProperty("role", role);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setAttribute(Qt::WA_TransparentForMouseEvents);
    return label;
}

} // namespace

StartPage::StartPage(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_problem(new QLabel(this))
{
    setObjectName(u"canvasPage"_s);
    setAttribute(Qt::WA_StyledBackground);
    auto* outer = new QVBoxLayout(this);
    outer->addStretch(2);
    auto* title
        = words(tr("Watch a service mesh live, and change it by hand"), u"pageTitle"_s, this);
    title->setAlignment(Qt::AlignHCenter);
    outer->addWidget(title);
    auto* sub = words(tr("Everything runs on this computer. No account, no cluster, no network."),
        u"sub"_s, this);
    sub->setAlignment(Qt::AlignHCenter);
    outer->addWidget(sub);
    outer->addSpacing(20);
    auto* grid = new QGridLayout;
    grid->setSpacing(16);
    addCard(*grid, 0, u"mesh"_s, tr("Demo mesh"),
        tr("A small bookshop of services with real traffic through real sidecars."),
        tr("Next: its services start one after the other, within about five seconds."),
        &StartPage::demoChosen);
    addCard(*grid, 1, u"terminal"_s, tr("My processes"),
        tr("Put programs of your own into an empty mesh, one command each."),
        tr("Next: an empty mesh starts, and the window shows the command to copy."),
        &StartPage::ownProcessesChosen);
    addCard(*grid, 2, u"envoy"_s, tr("Envoys I already run"),
        tr("Let Envoys take their configuration from here over ADS."),
        tr("Next: an empty mesh starts, and the window shows the address to point them at."),
        &StartPage::envoysChosen);
    addCard(*grid, 3, u"folder"_s, tr("Open a recording"),
        tr("Look at the history or a snapshot of any mesh, also a colleague's."),
        tr("Next: choose the file. Nothing is started."), &StartPage::recordingChosen);
    auto* row = new QHBoxLayout;
    row->addStretch();
    row->addLayout(grid);
    row->addStretch();
    outer->addLayout(row);
    outer->addSpacing(16);
    m_problem->setProperty("role", u"bad"_s);
    m_problem->setAlignment(Qt::AlignHCenter);
    m_problem->setWordWrap(true);
    m_problem->setTextFormat(Qt::PlainText);
    outer->addWidget(m_problem);
    outer->addStretch(3);
    connect(&context.session, &MeshSession::phaseChanged, this, &StartPage::refreshProblem);
    refreshProblem();
}

void StartPage::addCard(QGridLayout& grid, int place, const QString& icon, const QString& title,
    const QString& sentence, const QString& next, void (StartPage::*chosen)())
{
    auto* card = new Card(this);
    card->setAccessibleName(title);
    card->setAccessibleDescription(sentence + u' ' + next);
    auto* layout = new QGridLayout(card);
    layout->setContentsMargins(20, 18, 20, 18);
    layout->setHorizontalSpacing(14);
    layout->setVerticalSpacing(6);
    auto* picture = new QLabel(card);
    picture->setAttribute(Qt::WA_TransparentForMouseEvents);
    const auto refresh = [this, picture, icon] {
        picture->setPixmap(m_context.theme.icon(icon, m_context.theme.tokens().accent)
                .pixmap(QSize(28, 28), devicePixelRatioF()));
    };
    refresh();
    connect(&m_context.theme, &Theme::changed, picture, refresh);
    layout->addWidget(picture, 0, 0, 3, 1, Qt::AlignTop);
    layout->addWidget(words(title, u"title"_s, card), 0, 1);
    layout->addWidget(words(sentence, u"plain"_s, card), 1, 1);
    layout->addWidget(words(next, u"sub"_s, card), 2, 1);
    layout->setColumnStretch(1, 1);
    connect(card, &QAbstractButton::clicked, this, chosen);
    grid.addWidget(card, place / 2, place % 2);
}

void StartPage::refreshProblem()
{
    m_problem->setText(m_context.session.problem());
    m_problem->setVisible(!m_problem->text().isEmpty());
}

} // namespace meshyard::ui
