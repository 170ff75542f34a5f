// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame/status_strip.h"

#include "ui/session/mesh_session.h"
#include "ui/theme/figures.h"
#include "ui/topology/edge_words.h"

#include <QFile>
#include <QHBoxLayout>
#include <QLabel>
#include <QStyle>

#include <sys/resource.h>
#include <unistd.h>

#include <chrono>

using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

namespace meshyard::ui {
namespace {

constexpr int kStripHeight = 26;

qint64 ownCpuMicros()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto micros = [](const timeval& t) { return t.tv_sec * 1'000'000LL + t.tv_usec; };
    return micros(usage.ru_utime) + micros(usage.ru_stime);
}

double ownResidentBytes()
{
    QFile file(u"/proc/self/statm"_s);
    if (!file.open(QIODevice::ReadOnly))
        return 0;
    const QList<QByteArray> fields = file.readAll().split(' ');
    return fields.size() < 2 ? 0 : fields.at(1).toDouble() * static_cast<double>(getpagesize());
}

void setRole(QLabel* label, const QString& role)
{
    if (label->property("role").toString() == role)
        return;
    label->setProperty("role", role);
    label->style()->unpolish(label);
    label->style()->polish(label);
}

} // namespace

StatusStrip::StatusStrip(const UiContext& context, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
{
    setObjectName(u"statusStrip"_s);
    setAttribute(Qt::WA_StyledBackground);
    setFixedHeight(kStripHeight);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(14, 0, 14, 0);
    layout->setSpacing(24);
    m_connection = addPart(u"ok"_s);
    m_sync = addPart(u"sub"_s);
    m_history = addPart(u"sub"_s);
    m_overrides = addPart(u"op"_s);
    m_breakers = addPart(u"bad"_s);
    m_said = addPart(u"sub"_s);
    layout->addStretch();
    m_cost = addPart(u"sub"_s);
    m_cost->setToolTip(tr("What this window itself costs: processor share and memory."));

    connect(&context.session, &MeshSession::modelChanged, this, &StatusStrip::refresh);
    connect(&context.session, &MeshSession::phaseChanged, this, &StatusStrip::refresh);
    m_costTimer.setInterval(2s);
    connect(&m_costTimer, &QTimer::timeout, this, &StatusStrip::refreshCost);
    m_costTimer.start();
    m_sinceCost.start();
    m_cpuMicros = ownCpuMicros();
    m_sayTimer.setSingleShot(true);
    connect(&m_sayTimer, &QTimer::timeout, m_said, &QLabel::clear);
    refresh();
}

QLabel* StatusStrip::addPart(const QString& role)
{
    auto* label = new QLabel(this);
    label->setProperty("role", role);
    label->setTextFormat(Qt::PlainText);
    layout()->addWidget(label);
    return label;
}

void StatusStrip::setHistoryText(const QString& text)
{
    m_history->setText(text);
}

void StatusStrip::say(const QString& sentence)
{
    m_said->setText(sentence);
    m_sayTimer.start(8s);
}

void StatusStrip::refresh()
{
    refreshConnection();
    refreshOverrides();
    refreshBreakers();
    for (QLabel* label : {m_sync, m_history, m_overrides, m_breakers})
        label->setVisible(!label->text().isEmpty());
}

void StatusStrip::refreshConnection()
{
    const MeshSession& session = m_context.session;
    QString text;
    QString role = u"sub"_s;
    switch (session.phase()) {
    case MeshSession::Phase::FirstRun:
        text = tr("no mesh is open");
        break;
    case MeshSession::Phase::Starting:
        text = tr("starting");
        role = u"warn"_s;
        break;
    case MeshSession::Phase::Live:
        text = tr("connected");
        role = u"ok"_s;
        break;
    case MeshSession::Phase::Lost:
        text = tr("no word for %1, trying again").arg(ageText(session.silenceMs()));
        role = u"bad"_s;
        break;
    case MeshSession::Phase::Failed:
        text = tr("not connected");
        role = u"bad"_s;
        break;
    case MeshSession::Phase::File:
        text = tr("recording");
        break;
    }
    m_connection->setText(text);
    setRole(m_connection, role);
    const MeshInfo& mesh = session.model().mesh();
    m_sync->setText(mesh.proxies == 0
            ? QString()
            : tr("%1 of %2 proxies in sync").arg(mesh.proxiesInSync).arg(mesh.proxies));
    m_sync->setToolTip(
        mesh.problems.empty() ? QString() : QString::fromStdString(mesh.problems.front()));
}

void StatusStrip::refreshOverrides()
{
    const MeshModel& model = m_context.session.model();
    const auto& overrides = model.overrides();
    if (overrides.empty()) {
        m_overrides->clear();
        return;
    }
    const ActiveOverride& first = overrides.front();
    const qint64 left = (first.deadlineMs - model.unixMs()) / 1000;
    const QString words = first.untilReleased
        ? tr("%1, until released").arg(selectorText(first.edge))
        : tr("%1, %2 left").arg(selectorText(first.edge), countdownText(left));
    //: %1 describes the first of them, e.g. "reviews v3 → ratings, 8:12 left"
    m_overrides->setText(
        tr("%n override(s): %1", nullptr, static_cast<int>(overrides.size())).arg(words));
}

void StatusStrip::refreshBreakers()
{
    int open = 0;
    int halfOpen = 0;
    for (const auto& [key, state] : m_context.session.model().edges()) {
        if (state.breaker.observeOnly || state.breaker.overrideKind != OverrideKind::None)
            continue;
        open += state.breaker.state == BreakerState::Open ? 1 : 0;
        halfOpen += state.breaker.state == BreakerState::HalfOpen ? 1 : 0;
    }
    if (open > 0 && halfOpen > 0)
        m_breakers->setText(tr("%1 open, %2 half-open breakers").arg(open).arg(halfOpen));
    else if (open > 0)
        m_breakers->setText(tr("%n breaker(s) open", nullptr, open));
    else if (halfOpen > 0)
        m_breakers->setText(tr("%n breaker(s) half-open", nullptr, halfOpen));
    else
        m_breakers->clear();
    setRole(m_breakers, open > 0 ? u"bad"_s : u"warn"_s);
}

void StatusStrip::refreshCost()
{
    const qint64 cpu = ownCpuMicros();
    const qint64 wall = std::max<qint64>(1, m_sinceCost.restart() * 1000);
    const double share = static_cast<double>(cpu - m_cpuMicros) / static_cast<double>(wall);
    m_cpuMicros = cpu;
    m_cost->setText(tr("console %1 % CPU · %2")
            .arg(threeDigits(std::round(share * 1000) / 10),
                bytesFigure(ownResidentBytes()).text()));
}

} // namespace meshyard::ui
