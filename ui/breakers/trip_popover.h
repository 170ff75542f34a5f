// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_commands.h"
#include "ui/session/ui_context.h"

#include <QFrame>

class QComboBox;
class QLabel;
class QLineEdit;
class QPushButton;

namespace meshyard::ui {

/// Trips one edge: everything is filled in, Enter does it. Says first what it will do.
class TripPopover final : public QFrame
{
    Q_OBJECT

public:
    /// A child of `window`, hidden until popUp().
    TripPopover(const UiContext& context, QWidget* window);

    /// @param anchor in global coordinates: the popover stands beside it.
    void popUp(const EdgeKey& edge, const QRect& anchor);

Q_SIGNALS:
    void tripDecided(const meshyard::OverrideInput& input);

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void refresh();
    void decide();

    UiContext m_context;
    EdgeKey m_edge;
    QLabel* m_title;
    QLabel* m_blast;
    QComboBox* m_kind;
    QComboBox* m_ttl;
    QLineEdit* m_reason;
    QPushButton* m_trip;
    bool m_asked = false; // "until I release it" asks twice
};

/// 600, "10 min", "90s", "1h", "5": seconds; nullopt = not a time of 5 s to 24 h.
std::optional<std::int64_t> parseTtlSeconds(const QString& text);

} // namespace meshyard::ui
