// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QAbstractTableModel>
#include <QStringList>

#include <vector>

namespace meshyard::ui {

/// Rows with a key that lasts: a new set changes only what differs, so selection and scrolling
/// stay.
///
/// Thread: GUI.
class TableModel final : public QAbstractTableModel
{
    Q_OBJECT

public:
    static constexpr int kRawRole = Qt::UserRole; // the value behind the text; sorts
    static constexpr int kKeyRole = Qt::UserRole + 1;
    static constexpr int kToneRole = Qt::UserRole + 2; // Tone, for the colour of the words

    enum class Tone { Plain, Sub, Ok, Warn, Bad, Op };

    struct Cell
    {
        QString text;
        QVariant raw; // invalid = the text sorts
        Tone tone = Tone::Plain;

        bool operator==(const Cell&) const = default;
    };
    struct Row
    {
        QString key; // unique
        std::vector<Cell> cells;
        QString toolTip;

        bool operator==(const Row&) const = default;
    };

    explicit TableModel(QStringList headers, QObject* parent = nullptr);

    /// @param rows sorted by key.
    void setRows(std::vector<Row> rows);
    /// -1 for an unknown key.
    int rowOf(const QString& key) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role) const override;

private:
    QStringList m_headers;
    std::vector<Row> m_rows;
};

} // namespace meshyard::ui
