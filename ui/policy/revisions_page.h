// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_commands.h"
#include "ui/models/table_model.h"
#include "ui/session/ui_context.h"

#include <QWidget>

class QPushButton;
class QTableView;

namespace meshyard::ui {

class DiffText;
class MeshActs;
class PolicyStore;

/// Every change of the mesh, newest first, with what it changed, and the way back.
class RevisionsPage final : public QWidget
{
    Q_OBJECT

public:
    RevisionsPage(
        const UiContext& context, PolicyStore& store, MeshActs& acts, QWidget* parent = nullptr);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void ask();
    void take(const std::vector<RevisionInfo>& revisions);
    void showCurrent();
    void rollback();
    std::uint64_t current() const;

    UiContext m_context;
    MeshActs& m_acts; // outlives us
    TableModel m_model;
    QTableView* m_table;
    DiffText* m_diff;
    QPushButton* m_rollback;
};

} // namespace meshyard::ui
