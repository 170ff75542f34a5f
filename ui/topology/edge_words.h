// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/session/view_filter.h"

#include <QString>

namespace meshyard::ui {

/// What people call things of the mesh. Everything is plain text, never rich.

/// "reviews v2"; "reviews" without a version.
QString nodeText(const NodeKey& key);
/// "reviews v2 → ratings v1".
QString edgeText(const EdgeKey& key);
/// "reviews v3 → ratings"; "any caller → ratings".
QString selectorText(const EdgeSelector& selector);
/// The override or reset that means this edge, as the console sets it: all its callers.
EdgeSelector selectorOf(const EdgeKey& key);
/// True when an override on `selector` holds for `key`.
bool covers(const EdgeSelector& selector, const EdgeKey& key);

/// "93 rps · p99 38 ms": the words on an edge for the figure chosen.
QString edgeLabel(const MeshModel& model, const EdgeState& edge, EdgeFigure figure);
/// "2/3 open", "tripped · 8:12 left", "trial 3/5"; empty when closed and quiet.
QString breakerWords(const EdgeBreaker& breaker);
enum class EventWords { Whole, OfItsEdge };

/// What an event says, one sentence; beside its edge the edge need not be named again.
QString eventText(const Event& event, EventWords words = EventWords::Whole);
QString knowledgeText(Knowledge known);
QString protocolText(Protocol protocol);
QString breakerStateText(BreakerState state);

/// For assistive technology: "reviews v2 to ratings v1, 156 requests per second, …".
QString edgeSentence(const MeshModel& model, const EdgeState& edge);

} // namespace meshyard::ui
