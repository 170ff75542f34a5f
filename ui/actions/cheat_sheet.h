// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QDialog>

namespace meshyard::ui {

class ActionRegistry;

/// `?`: every action with its shortcut and its meshyardctl twin, made from the registry.
class CheatSheet final : public QDialog
{
    Q_OBJECT

public:
    explicit CheatSheet(const ActionRegistry& actions, QWidget* parent = nullptr);
};

} // namespace meshyard::ui
