// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/policy/policy_store.h"
#include "ui/session/ui_context.h"
#include "ui/topology/edge_words.h"

#include <QWidget>

#include <functional>

class QVBoxLayout;

namespace meshyard::ui {

/// The documents in force, each a link with its essence below.
class PolicyList final : public QWidget
{
    Q_OBJECT

public:
    explicit PolicyList(QWidget* parent = nullptr);

    void show(const std::vector<PolicyStore::InForce>& documents);

Q_SIGNALS:
    void documentWanted(const QString& id);

private:
    QVBoxLayout* m_layout;
    QStringList m_shown;
};

/// The newest events of one thing: dot, time, sentence; drawn, so that it costs nothing.
class EventList final : public QWidget
{
    Q_OBJECT

public:
    explicit EventList(const UiContext& context, QWidget* parent = nullptr);

    /// @param wanted which events count. Shows the newest `most`.
    void show(const MeshModel& model, const std::function<bool(const Event&)>& wanted, int most = 8,
        EventWords words = EventWords::Whole);

    QSize sizeHint() const override;
    QSize minimumSizeHint() const override { return sizeHint(); }

protected:
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    struct Line
    {
        EventKind kind = EventKind::Unspecified;
        BreakerState to = BreakerState::Unspecified;
        QString time;
        QString text;
        bool operator==(const Line&) const = default;
    };

    QColor colorOf(const Line& line) const;

    UiContext m_context;
    std::vector<Line> m_lines;
};

} // namespace meshyard::ui
