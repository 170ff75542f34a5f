// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/models/table_model.h"

namespace meshyard::ui {

// The tables of the pages, made anew from the model; TableModel finds what changed.

QStringList edgeHeaders();
/// The table twin of the graph. Keys are toString(EdgeKey).
std::vector<TableModel::Row> edgeRows(const MeshModel& model);

QStringList instanceHeaders();
std::vector<TableModel::Row> instanceRows(const MeshModel& model);

QStringList breakerHeaders();
/// One row a caller instance and edge. Keys begin with toString(EdgeKey) and a tab.
std::vector<TableModel::Row> breakerRows(const MeshModel& model);

QStringList proxyHeaders();
std::vector<TableModel::Row> proxyRows(const MeshModel& model);

QStringList eventHeaders();
std::vector<TableModel::Row> eventRows(const MeshModel& model);

/// Edges whose breaker is not closed, overrides included.
int breakersNotClosed(const MeshModel& model);
int proxiesOutOfSync(const MeshModel& model);

} // namespace meshyard::ui
