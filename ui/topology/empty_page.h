// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/ui_context.h"

#include <QWidget>

namespace meshyard::ui {

/// A mesh without services: what to do next, to copy.
class EmptyPage final : public QWidget
{
    Q_OBJECT

public:
    explicit EmptyPage(const UiContext& context, QWidget* parent = nullptr);
};

} // namespace meshyard::ui
