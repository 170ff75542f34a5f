// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_types.h"
#include "ui/session/ui_context.h"

#include <QWidget>

#include <vector>

namespace meshyard::ui {

/// The breaker of an edge, one row a caller: name, its last minute as a strip, its state in words.
class BreakerStrips final : public QWidget
{
    Q_OBJECT

public:
    struct Change
    {
        std::int64_t unixMs = 0;
        BreakerState to = BreakerState::Closed;
    };
    struct Row
    {
        QString name;
        BreakerState state = BreakerState::Closed;
        QString words;
        std::vector<Change> changes; // ascending, within the minute
        BreakerState before = BreakerState::Closed; // state at the minute's beginning
    };

    explicit BreakerStrips(const UiContext& context, QWidget* parent = nullptr);

    void setRows(std::vector<Row> rows, std::int64_t nowMs);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    void paintRow(QPainter& painter, const Row& row, int y) const;
    QColor colorOf(BreakerState state) const;

    UiContext m_context;
    std::vector<Row> m_rows;
    std::int64_t m_nowMs = 0;
};

} // namespace meshyard::ui
