// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <functional>

class QSettings;
class QWidget;

namespace meshyard::ui {

/// Asks once whether the mesh stops with the window or goes on; a remembered answer is given at
/// once. Cancelling decides nothing.
void askCloseQuestion(
    QSettings& settings, QWidget* window, std::function<void(bool stopMesh)> decide);

} // namespace meshyard::ui
