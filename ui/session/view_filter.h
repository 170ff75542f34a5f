// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>

namespace meshyard::ui {

/// Which figure stands on the edges.
enum class EdgeFigure { Rate, P50, P95, P99, Success, Bytes };

/// What of the mesh is shown and how: environment, find text, the figure on the edges.
///
/// Thread: GUI.
class ViewFilter final : public QObject
{
    Q_OBJECT

public:
    using QObject::QObject;

    const QString& environment() const { return m_environment; } // empty = all
    const QString& findText() const { return m_findText; }
    EdgeFigure figure() const { return m_figure; }

    void setEnvironment(const QString& ns) { set(m_environment, ns); }
    void setFindText(const QString& text) { set(m_findText, text); }
    void setFigure(EdgeFigure figure) { set(m_figure, figure); }

Q_SIGNALS:
    void changed();

private:
    template <typename T> void set(T& member, const T& value)
    {
        if (member == value)
            return;
        member = value;
        Q_EMIT changed();
    }

    QString m_environment;
    QString m_findText;
    EdgeFigure m_figure = EdgeFigure::P99;
};

} // namespace meshyard::ui
