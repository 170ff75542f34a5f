// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/tokens.h"

#include <QDBusVariant>
#include <QFont>
#include <QIcon>
#include <QObject>

class QApplication;

namespace meshyard::ui {

enum class SchemeChoice { FollowSystem, Light, Dark };

/// Light and dark of the whole application: palette, style sheet, fonts, tinted icons.
///
/// Qt 6.4 does not know the system's scheme; it is asked from the desktop portal over D-Bus.
/// Thread: GUI.
class Theme final : public QObject
{
    Q_OBJECT

public:
    explicit Theme(QApplication& application, QObject* parent = nullptr);

    void setChoice(SchemeChoice choice);
    SchemeChoice choice() const { return m_choice; }
    const scene::Tokens& tokens() const;
    bool isDark() const { return tokens().dark; }

    /// An icon of resources/icons in one of the tokens' colours.
    QIcon icon(const QString& name, const QColor& color) const;
    QIcon icon(const QString& name) const { return icon(name, tokens().sub); }

    static QFont bodyFont();
    /// Times, YAML, figures that must not dance.
    static QFont monoFont(int pixelSize = 12);

Q_SIGNALS:
    /// Tokens, palette and style sheet are already the new ones.
    void changed();

private Q_SLOTS:
    void onPortalSettingChanged(
        const QString& group, const QString& key, const QDBusVariant& value);

private:
    void askPortal();
    void setSystemDark(bool dark);
    void applyToApplication();

    QApplication& m_application;
    SchemeChoice m_choice = SchemeChoice::FollowSystem;
    bool m_systemDark = false;
};

/// Colours and sizes in place of @name@ in a style sheet.
QString fillStyleSheet(QString sheet, const scene::Tokens& tokens);

} // namespace meshyard::ui
