// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame/rail.h"

#include "ui/theme/theme.h"

#include <QLabel>
#include <QPainter>
#include <QStyleOption>
#include <QToolButton>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kRailWidth = 64;
constexpr int kButtonHeight = 54;

} // namespace

/// One page of the rail; draws its own count badge.
class RailButton final : public QToolButton
{
public:
    RailButton(const UiContext& context, QString id, QString iconName, QWidget* parent)
        : QToolButton(parent)
        , m_context(context)
        , m_id(std::move(id))
        , m_iconName(std::move(iconName))
    {
        setObjectName(u"railButton"_s);
        setCheckable(true);
        setAutoExclusive(true);
        setToolButtonStyle(Qt::ToolButtonTextUnderIcon);
        setIconSize({24, 24});
        setFixedSize(kRailWidth - 8, kButtonHeight);
        refreshIcon();
        connect(this, &QToolButton::toggled, this, &RailButton::refreshIcon);
    }

    const QString& id() const { return m_id; }

    void setAttention(int count, const QString& meaning)
    {
        m_count = count;
        setToolTip(count > 0 ? meaning : QString());
        setAccessibleDescription(count > 0 ? meaning : QString());
        update();
    }

    void refreshIcon()
    {
        const auto& t = m_context.theme.tokens();
        setIcon(m_context.theme.icon(m_iconName, isChecked() ? t.accent : t.sub));
    }

protected:
    void paintEvent(QPaintEvent* event) override
    {
        QToolButton::paintEvent(event);
        if (m_count == 0)
            return;
        const auto& t = m_context.theme.tokens();
        QPainter painter(this);
        painter.setRenderHint(QPainter::Antialiasing);
        const QString text = m_count > 99 ? u"99+"_s : QString::number(m_count);
        QFont font = painter.font();
        font.setPixelSize(10);
        font.setBold(true);
        painter.setFont(font);
        const qreal width = std::max(16, painter.fontMetrics().horizontalAdvance(text) + 8);
        const QRectF badge(this->width() - width - 4, 1, width, 16);
        painter.setPen(QPen(t.rail, 1.5));
        painter.setBrush(t.bad);
        painter.drawRoundedRect(badge, 8, 8);
        painter.setPen(t.dark ? t.canvas : t.panel);
        painter.drawText(badge, Qt::AlignCenter, text);
    }

private:
    UiContext m_context;
    QString m_id;
    QString m_iconName;
    int m_count = 0;
};

Rail::Rail(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_layout(new QVBoxLayout(this))
{
    setObjectName(u"rail"_s);
    setAccessibleName(tr("Pages"));
    setFixedWidth(kRailWidth);
    m_layout->setContentsMargins(4, 10, 4, 8);
    m_layout->setSpacing(4);
    auto* logo = new QLabel(this);
    logo->setAlignment(Qt::AlignCenter);
    logo->setFixedHeight(34);
    logo->setAccessibleName(tr("Meshyard"));
    const auto refresh = [this, logo] {
        const QIcon icon = m_context.theme.icon(u"logo"_s, m_context.theme.tokens().accent);
        logo->setPixmap(icon.pixmap(QSize(28, 28), devicePixelRatioF()));
        for (RailButton* button : m_buttons)
            button->refreshIcon();
    };
    refresh();
    connect(&context.theme, &Theme::changed, this, refresh);
    m_layout->addWidget(logo);
    m_layout->addSpacing(6);
    m_layout->addStretch();
}

void Rail::addPage(const QString& id, const QString& text, const QString& iconName)
{
    auto* button = new RailButton(m_context, id, iconName, this);
    button->setText(text);
    button->setAccessibleName(text);
    connect(button, &QToolButton::clicked, this, [this, id] { Q_EMIT pageChosen(id); });
    m_layout->insertWidget(m_layout->count() - 1, button, 0, Qt::AlignHCenter);
    m_buttons.push_back(button);
}

void Rail::setCurrent(const QString& id)
{
    for (RailButton* button : m_buttons)
        if (button->id() == id)
            button->setChecked(true);
}

void Rail::setAttention(const QString& id, int count, const QString& meaning)
{
    for (RailButton* button : m_buttons)
        if (button->id() == id)
            button->setAttention(count, meaning);
}

void Rail::paintEvent(QPaintEvent*)
{
    QStyleOption option;
    option.initFrom(this);
    QPainter painter(this);
    style()->drawPrimitive(QStyle::PE_Widget, &option, &painter, this);
}

} // namespace meshyard::ui
