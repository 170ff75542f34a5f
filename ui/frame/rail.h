// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/ui_context.h"

#include <QWidget>

#include <vector>

class QVBoxLayout;

namespace meshyard::ui {

class RailButton;

/// The strip at the left: one button a page, with the count of what needs attention there.
class Rail final : public QWidget
{
    Q_OBJECT

public:
    explicit Rail(const UiContext& context, QWidget* parent = nullptr);

    /// @param iconName in resources/icons.
    void addPage(const QString& id, const QString& text, const QString& iconName);
    void setCurrent(const QString& id);
    /// @param meaning said to assistive technology and in the tooltip, e.g. "3 breakers not
    /// closed".
    void setAttention(const QString& id, int count, const QString& meaning);

Q_SIGNALS:
    void pageChosen(const QString& id);

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    UiContext m_context;
    QVBoxLayout* m_layout;
    std::vector<RailButton*> m_buttons;
};

} // namespace meshyard::ui
