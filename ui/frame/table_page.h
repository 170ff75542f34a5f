// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/models/table_model.h"
#include "ui/session/ui_context.h"

#include <QWidget>

#include <functional>

class QLabel;
class QTableView;

namespace meshyard::ui {

/// A page that is one table of the model shown, with a filter and a way to the graph.
class TablePage final : public QWidget
{
    Q_OBJECT

public:
    struct Parts
    {
        QString title;
        QString sentence; // what the table shows
        QString emptyText; // what to do when there is nothing
        QStringList headers;
        std::function<std::vector<TableModel::Row>(const MeshModel&)> rows;
    };

    TablePage(const UiContext& context, Parts parts, QWidget* parent = nullptr);

    QTableView& table() { return *m_table; }

Q_SIGNALS:
    /// A row was chosen (Enter or double click).
    void chosen(const QString& key);

protected:
    void showEvent(QShowEvent* event) override;

private:
    void refresh();

    UiContext m_context;
    Parts m_parts;
    TableModel m_model;
    QTableView* m_table;
    QLabel* m_empty;
    bool m_sized = false;
};

} // namespace meshyard::ui
