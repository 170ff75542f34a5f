// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/table_model.h"

#include <algorithm>

namespace meshyard::ui {

TableModel::TableModel(QStringList headers, QObject* parent)
    : QAbstractTableModel(parent)
    , m_headers(std::move(headers))
{
}

void TableModel::setRows(std::vector<Row> rows)
{
    std::size_t at = 0;
    for (Row& row : rows) {
        while (at < m_rows.size() && m_rows[at].key < row.key) {
            beginRemoveRows({}, static_cast<int>(at), static_cast<int>(at));
            m_rows.erase(m_rows.begin() + static_cast<std::ptrdiff_t>(at));
            endRemoveRows();
        }
        const int index = static_cast<int>(at);
        if (at < m_rows.size() && m_rows[at].key == row.key) {
            if (!(m_rows[at] == row)) {
                m_rows[at] = std::move(row);
                Q_EMIT dataChanged(this->index(index, 0), this->index(index, columnCount() - 1));
            }
        } else {
            beginInsertRows({}, index, index);
            m_rows.insert(m_rows.begin() + static_cast<std::ptrdiff_t>(at), std::move(row));
            endInsertRows();
        }
        ++at;
    }
    if (at < m_rows.size()) {
        beginRemoveRows({}, static_cast<int>(at), static_cast<int>(m_rows.size()) - 1);
        m_rows.resize(at);
        endRemoveRows();
    }
}

int TableModel::rowOf(const QString& key) const
{
    const auto found = std::lower_bound(m_rows.begin(), m_rows.end(), key,
        [](const Row& row, const QString& wanted) { return row.key < wanted; });
    return found != m_rows.end() && found->key == key ? static_cast<int>(found - m_rows.begin())
                                                      : -1;
}

int TableModel::rowCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_rows.size());
}

int TableModel::columnCount(const QModelIndex& parent) const
{
    return parent.isValid() ? 0 : static_cast<int>(m_headers.size());
}

QVariant TableModel::data(const QModelIndex& index, int role) const
{
    if (!checkIndex(index, CheckIndexOption::IndexIsValid))
        return {};
    const Row& row = m_rows[static_cast<std::size_t>(index.row())];
    const auto column = static_cast<std::size_t>(index.column());
    if (column >= row.cells.size())
        return {};
    const Cell& cell = row.cells[column];
    switch (role) {
    case Qt::DisplayRole:
        return cell.text;
    case Qt::ToolTipRole:
        return row.toolTip.isEmpty() ? cell.text : row.toolTip;
    case Qt::TextAlignmentRole:
        return QVariant(Qt::Alignment(
            Qt::AlignVCenter | (cell.raw.isValid() ? Qt::AlignRight : Qt::AlignLeft)));
    case kRawRole:
        return cell.raw.isValid() ? cell.raw : QVariant(cell.text);
    case kKeyRole:
        return row.key;
    case kToneRole:
        return static_cast<int>(cell.tone);
    default:
        return {};
    }
}

QVariant TableModel::headerData(int section, Qt::Orientation orientation, int role) const
{
    if (orientation != Qt::Horizontal || section < 0 || section >= m_headers.size())
        return {};
    if (role == Qt::DisplayRole)
        return m_headers.at(section);
    if (role == Qt::TextAlignmentRole && rowCount() > 0)
        return data(index(0, section), role); // figures stand below their word
    return {};
}

} // namespace meshyard::ui
