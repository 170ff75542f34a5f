// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/actions/cheat_sheet.h"

#include "ui/actions/action_registry.h"
#include "ui/theme/theme.h"

#include <QHeaderView>
#include <QTableWidget>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {

CheatSheet::CheatSheet(const ActionRegistry& actions, QWidget* parent)
    : QDialog(parent)
{
    setWindowTitle(tr("Keys and commands"));
    resize(760, 560);
    auto* layout = new QVBoxLayout(this);
    auto* table = new QTableWidget(this);
    table->setAccessibleName(windowTitle());
    table->setColumnCount(3);
    table->setHorizontalHeaderLabels({tr("Action"), tr("Key"), tr("On the command line")});
    table->setRowCount(static_cast<int>(actions.entries().size()));
    table->verticalHeader()->hide();
    table->setShowGrid(false);
    table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    int row = 0;
    for (const auto& entry : actions.entries()) {
        table->setItem(row, 0, new QTableWidgetItem(entry.spec.text));
        table->setItem(
            row, 1, new QTableWidgetItem(entry.spec.shortcut.toString(QKeySequence::NativeText)));
        auto* twin = new QTableWidgetItem(entry.spec.commandLine);
        twin->setFont(Theme::monoFont());
        table->setItem(row, 2, twin);
        ++row;
    }
    table->resizeColumnsToContents();
    table->horizontalHeader()->setStretchLastSection(true);
    layout->addWidget(table);
}

} // namespace meshyard::ui
