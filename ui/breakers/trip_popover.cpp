// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/breakers/trip_popover.h"

#include "ui/breakers/blast_radius.h"
#include "ui/session/mesh_session.h"
#include "ui/topology/edge_words.h"

#include <QComboBox>
#include <QFormLayout>
#include <QKeyEvent>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QRegularExpression>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kWidth = 340;
constexpr std::int64_t kLeastSeconds = 5;
constexpr std::int64_t kMostSeconds = 24 * 3600;
constexpr qint64 kUntilReleased = -1;

} // namespace

std::optional<std::int64_t> parseTtlSeconds(const QString& text)
{
    static const QRegularExpression kForm(
        u"^\\s*(\\d+(?:\\.\\d+)?)\\s*(s|sec|秒|m|min|分|h|時間)?\\s*$"_s);
    const auto match = kForm.match(text);
    if (!match.hasMatch())
        return std::nullopt;
    const QString unit = match.captured(2);
    double scale = 1;
    if (unit.startsWith(u'm') || unit == u"分"_s)
        scale = 60;
    else if (unit == u"h"_s || unit == u"時間"_s)
        scale = 3600;
    const auto seconds = static_cast<std::int64_t>(match.captured(1).toDouble() * scale);
    if (seconds < kLeastSeconds || seconds > kMostSeconds)
        return std::nullopt;
    return seconds;
}

TripPopover::TripPopover(const UiContext& context, QWidget* window)
    : QFrame(window)
    , m_context(context)
    , m_title(new QLabel(this))
    , m_blast(new QLabel(this))
    , m_kind(new QComboBox(this))
    , m_ttl(new QComboBox(this))
    , m_reason(new QLineEdit(this))
    , m_trip(new QPushButton(tr("Trip"), this))
{
    setObjectName(u"popover"_s);
    setProperty("role", u"op"_s);
    setAccessibleName(tr("Trip an edge"));
    setFixedWidth(kWidth);
    m_title->setProperty("role", u"title"_s);
    m_blast->setWordWrap(true);
    m_blast->setTextFormat(Qt::PlainText);
    m_kind->addItem(tr("Reject every call"), static_cast<int>(OverrideKind::ForcedOpen));
    m_kind->addItem(
        tr("Hold closed, whatever happens"), static_cast<int>(OverrideKind::ForcedClosed));
    m_kind->addItem(tr("Drain half of the calls"), static_cast<int>(OverrideKind::Draining));
    m_kind->setAccessibleName(tr("What to do"));
    m_ttl->setEditable(true);
    m_ttl->addItem(tr("10 min"), 600);
    m_ttl->addItem(tr("1 min"), 60);
    m_ttl->addItem(tr("30 s"), 30);
    m_ttl->addItem(tr("1 h"), 3600);
    m_ttl->addItem(tr("until I release it"), kUntilReleased);
    m_ttl->setAccessibleName(tr("For how long"));
    m_reason->setText(tr("manual"));
    m_reason->setAccessibleName(tr("Reason"));
    m_trip->setObjectName(u"confirmTrip"_s);
    m_trip->setProperty("role", u"opPrimary"_s);
    auto* cancel = new QPushButton(tr("Cancel"), this);
    auto* form = new QFormLayout;
    form->addRow(tr("What"), m_kind);
    form->addRow(tr("For"), m_ttl);
    form->addRow(tr("Reason"), m_reason);
    auto* buttons = new QHBoxLayout;
    buttons->addWidget(m_trip, 1);
    buttons->addWidget(cancel);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(16, 14, 16, 14);
    layout->setSpacing(10);
    layout->addWidget(m_title);
    layout->addWidget(m_blast);
    layout->addLayout(form);
    layout->addLayout(buttons);
    connect(m_trip, &QPushButton::clicked, this, &TripPopover::decide);
    connect(cancel, &QPushButton::clicked, this, &QWidget::hide);
    connect(m_ttl, &QComboBox::editTextChanged, this, [this] {
        m_asked = false;
        refresh();
    });
    connect(m_kind, &QComboBox::currentIndexChanged, this, &TripPopover::refresh);
    connect(&context.session, &MeshSession::modelChanged, this, &TripPopover::refresh);
    // What it says is of the mesh and the moment it was opened on.
    connect(&context.session, &MeshSession::phaseChanged, this, &QWidget::hide);
    connect(&context.session, &MeshSession::timeChanged, this, [this] {
        if (m_context.session.isPast())
            hide();
    });
    hide();
}

void TripPopover::popUp(const EdgeKey& edge, const QRect& anchor)
{
    m_edge = edge;
    m_asked = false;
    m_kind->setCurrentIndex(0);
    m_ttl->setCurrentIndex(0);
    m_reason->setText(tr("manual"));
    m_title->setText(tr("Trip %1").arg(edgeText(edge)));
    show();
    refresh();
    adjustSize();
    const QWidget* window = parentWidget();
    const QPoint corner = window->mapFromGlobal(anchor.bottomLeft()) + QPoint(0, 8);
    move(std::clamp(corner.x(), 8, std::max(8, window->width() - width() - 8)),
        std::clamp(corner.y(), 8, std::max(8, window->height() - height() - 8)));
    raise();
    m_trip->setFocus(Qt::PopupFocusReason);
}

void TripPopover::refresh()
{
    if (!isVisible())
        return;
    const QString refusal = m_context.session.editRefusal();
    const bool open = m_kind->currentData().toInt() == static_cast<int>(OverrideKind::ForcedOpen);
    m_blast->setText(!refusal.isEmpty() ? refusal
            : open                      ? blastText(m_context.session.liveModel(), m_edge)
                                        : tr("The breaker goes on computing underneath."));
    const bool forever = m_ttl->currentText() == tr("until I release it");
    const bool valid = forever || parseTtlSeconds(m_ttl->currentText()).has_value();
    m_trip->setEnabled(refusal.isEmpty() && valid);
    m_trip->setText(m_asked               ? tr("Really without an end")
            : m_kind->currentIndex() == 0 ? tr("Trip")
                                          : tr("Apply"));
    m_ttl->setToolTip(valid ? QString() : tr("A time of 5 s to 24 h, such as 90s, 10 min or 1 h."));
}

void TripPopover::decide()
{
    if (!m_trip->isEnabled())
        return;
    const bool forever = m_ttl->currentText() == tr("until I release it");
    if (forever && !m_asked) {
        m_asked = true;
        refresh();
        return;
    }
    OverrideInput input;
    input.edge = selectorOf(m_edge);
    input.kind = static_cast<OverrideKind>(m_kind->currentData().toInt());
    input.drainPercent = input.kind == OverrideKind::Draining ? 50 : 0;
    input.untilReleased = forever;
    input.ttlMs = parseTtlSeconds(m_ttl->currentText()).value_or(600) * 1000;
    input.reason = m_reason->text().trimmed().toStdString();
    hide();
    Q_EMIT tripDecided(input);
}

void TripPopover::keyPressEvent(QKeyEvent* event)
{
    if (event->key() == Qt::Key_Escape)
        hide();
    else if (event->key() == Qt::Key_Return || event->key() == Qt::Key_Enter)
        decide();
    else
        QFrame::keyPressEvent(event);
}

} // namespace meshyard::ui
