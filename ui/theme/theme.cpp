// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/theme/theme.h"

#include <QApplication>
#include <QDBusConnection>
#include <QDBusMessage>
#include <QDBusPendingCallWatcher>
#include <QDBusPendingReply>
#include <QFile>
#include <QFontDatabase>
#include <QPainter>
#include <QPalette>
#include <QStyleFactory>
#include <QSvgRenderer>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

const QString kPortalService = u"org.freedesktop.portal.Desktop"_s;
const QString kPortalPath = u"/org/freedesktop/portal/desktop"_s;
const QString kPortalInterface = u"org.freedesktop.portal.Settings"_s;
const QString kAppearance = u"org.freedesktop.appearance"_s;
const QString kColorScheme = u"color-scheme"_s;
constexpr uint kPreferDark = 1;

QColor mix(const QColor& top, const QColor& below, double share)
{
    const auto channel
        = [share](int a, int b) { return static_cast<int>(a * share + b * (1 - share)); };
    return QColor(channel(top.red(), below.red()), channel(top.green(), below.green()),
        channel(top.blue(), below.blue()));
}

QPalette paletteOf(const scene::Tokens& t)
{
    QPalette palette;
    palette.setColor(QPalette::Window, t.panel);
    palette.setColor(QPalette::WindowText, t.text);
    palette.setColor(QPalette::Base, t.panel);
    palette.setColor(QPalette::AlternateBase, t.canvas);
    palette.setColor(QPalette::Text, t.text);
    palette.setColor(QPalette::PlaceholderText, t.sub);
    palette.setColor(QPalette::Button, t.panel);
    palette.setColor(QPalette::ButtonText, t.text);
    palette.setColor(QPalette::BrightText, t.badText);
    palette.setColor(QPalette::ToolTipBase, t.panel);
    palette.setColor(QPalette::ToolTipText, t.text);
    palette.setColor(QPalette::Highlight, t.accent);
    palette.setColor(QPalette::HighlightedText, t.onAccent);
    palette.setColor(QPalette::Link, t.accent);
    palette.setColor(QPalette::LinkVisited, t.accent);
    palette.setColor(QPalette::Light, t.grid);
    palette.setColor(QPalette::Midlight, t.grid);
    palette.setColor(QPalette::Mid, t.border);
    palette.setColor(QPalette::Dark, t.border);
    palette.setColor(QPalette::Shadow, t.border);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, t.faint);
    return palette;
}

QPixmap tinted(const QByteArray& svg, const QColor& color, qreal scale)
{
    QByteArray source = svg;
    source.replace("currentColor", color.name().toLatin1());
    QSvgRenderer renderer(source);
    QPixmap pixmap(QSize(24, 24) * scale);
    pixmap.fill(Qt::transparent);
    QPainter painter(&pixmap);
    renderer.render(&painter);
    painter.end();
    pixmap.setDevicePixelRatio(scale);
    return pixmap;
}

QByteArray readResource(const QString& path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

} // namespace

QString fillStyleSheet(QString sheet, const scene::Tokens& t)
{
    const std::pair<QString, QColor> fields[] = {
        {u"canvas"_s, t.canvas},
        {u"panel"_s, t.panel},
        {u"rail"_s, t.rail},
        {u"border"_s, t.border},
        {u"grid"_s, t.grid},
        {u"text"_s, t.text},
        {u"sub"_s, t.sub},
        {u"faint"_s, t.faint},
        {u"flow"_s, t.flow},
        {u"accent"_s, t.accent},
        {u"onAccent"_s, t.onAccent},
        {u"okText"_s, t.okText},
        {u"warnText"_s, t.warnText},
        {u"badText"_s, t.badText},
        {u"warn"_s, t.warn},
        {u"bad"_s, t.bad},
        {u"op"_s, t.op},
        {u"time"_s, t.time},
        {u"field"_s, t.canvas},
        {u"hover"_s, mix(t.flow, t.panel, 0.12)},
        {u"selected"_s, mix(t.accent, t.panel, t.dark ? 0.20 : 0.13)},
        {u"accentHover"_s, mix(t.accent, t.text, 0.88)},
    };
    for (const auto& [name, color] : fields)
        sheet.replace(u'@' + name + u'@', color.name());
    return sheet;
}

Theme::Theme(QApplication& application, QObject* parent)
    : QObject(parent)
    , m_application(application)
{
    m_systemDark = application.palette().color(QPalette::Window).lightness() < 128;
    application.setStyle(QStyleFactory::create(u"Fusion"_s));
    application.setFont(bodyFont());
    askPortal();
    applyToApplication();
}

void Theme::setChoice(SchemeChoice choice)
{
    if (m_choice == choice)
        return;
    m_choice = choice;
    applyToApplication();
}

const scene::Tokens& Theme::tokens() const
{
    const bool dark = m_choice == SchemeChoice::Dark
        || (m_choice == SchemeChoice::FollowSystem && m_systemDark);
    return dark ? scene::darkTokens() : scene::lightTokens();
}

QIcon Theme::icon(const QString& name, const QColor& color) const
{
    const QByteArray svg = readResource(u":/meshyard/icons/%1.svg"_s.arg(name));
    QIcon icon;
    for (const qreal scale : {1.0, 2.0, 3.0}) {
        icon.addPixmap(tinted(svg, color, scale));
        icon.addPixmap(tinted(svg, tokens().faint, scale), QIcon::Disabled);
    }
    return icon;
}

QFont Theme::bodyFont()
{
    QFont font;
    font.setFamilies({u"Inter"_s, u"Noto Sans"_s, u"DejaVu Sans"_s, u"Noto Sans CJK JP"_s});
    font.setPixelSize(13);
    return font;
}

QFont Theme::monoFont(int pixelSize)
{
    QFont font;
    font.setFamilies(
        {u"JetBrains Mono"_s, u"Noto Sans Mono"_s, u"DejaVu Sans Mono"_s, u"Noto Sans CJK JP"_s});
    font.setStyleHint(QFont::Monospace);
    font.setPixelSize(pixelSize);
    return font;
}

void Theme::askPortal()
{
    QDBusConnection bus = QDBusConnection::sessionBus();
    if (!bus.isConnected())
        return;
    // QtDBus offers signals of other processes only by slot name.
    bus.connect(kPortalService, kPortalPath, kPortalInterface, u"SettingChanged"_s, this,
        SLOT(onPortalSettingChanged(QString, QString, QDBusVariant)));
    QDBusMessage question
        = QDBusMessage::createMethodCall(kPortalService, kPortalPath, kPortalInterface, u"Read"_s);
    question << kAppearance << kColorScheme;
    auto* watcher = new QDBusPendingCallWatcher(bus.asyncCall(question, 2000), this);
    connect(watcher, &QDBusPendingCallWatcher::finished, this, [this, watcher] {
        const QDBusPendingReply<QDBusVariant> reply = *watcher;
        watcher->deleteLater();
        if (reply.isValid())
            onPortalSettingChanged(kAppearance, kColorScheme, reply.value());
    });
}

void Theme::onPortalSettingChanged(
    const QString& group, const QString& key, const QDBusVariant& value)
{
    if (group != kAppearance || key != kColorScheme)
        return;
    QVariant plain = value.variant();
    // Read() wraps the answer twice, the signal once.
    if (plain.canConvert<QDBusVariant>())
        plain = plain.value<QDBusVariant>().variant();
    setSystemDark(plain.toUInt() == kPreferDark);
}

void Theme::setSystemDark(bool dark)
{
    if (m_systemDark == dark)
        return;
    m_systemDark = dark;
    if (m_choice == SchemeChoice::FollowSystem)
        applyToApplication();
}

void Theme::applyToApplication()
{
    m_application.setPalette(paletteOf(tokens()));
    const QByteArray sheet = readResource(u":/meshyard/styles/meshyard.qss"_s);
    m_application.setStyleSheet(fillStyleSheet(QString::fromUtf8(sheet), tokens()));
    Q_EMIT changed();
}

} // namespace meshyard::ui
