// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/theme/theme.h"

#include <QDialog>

class QPlainTextEdit;
class QPushButton;

namespace meshyard::ui {

/// A unified diff, coloured and marked by its own + and -.
class DiffText final : public QWidget
{
    Q_OBJECT

public:
    explicit DiffText(Theme& theme, QWidget* parent = nullptr);
    void setDiff(const QString& unified);

private:
    QPlainTextEdit* m_text;
};

/// Shows what a change does to the documents; may end in Apply.
class DiffDialog final : public QDialog
{
    Q_OBJECT

public:
    /// @param applyText empty = only looking.
    DiffDialog(Theme& theme, const QString& title, const QString& unified, const QString& applyText,
        QWidget* parent);
};

} // namespace meshyard::ui
