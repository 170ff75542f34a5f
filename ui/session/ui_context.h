// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QSettings;
class QWidget;

namespace meshyard::ui {

class ActionRegistry;
class MeshSession;
class Selection;
class Theme;
class ViewFilter;

/// What every part of the window is given; all of it outlives the parts.
struct UiContext
{
    Theme& theme;
    MeshSession& session;
    Selection& selection;
    ViewFilter& filter;
    ActionRegistry& actions;
    QSettings& settings;
};

} // namespace meshyard::ui
