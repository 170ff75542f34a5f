// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "widgets/scene/scene_state.h"

namespace meshyard::widgets {

class TopologyView;

/// Makes every node, edge, edge end, badge and diamond of a TopologyView an object for assistive
/// technology: a name, a role, a rectangle on the screen and a press action. Call once or often.
void installTopologyAccessibility();

/// Tells assistive technology that parts came or went.
void announceParts(TopologyView* view);

/// Tells it that a part has the keyboard's attention.
void announceFocus(TopologyView* view, const scene::Part& part);

} // namespace meshyard::widgets
