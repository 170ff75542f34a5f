// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/session/ui_context.h"

#include <QWidget>

class QLabel;
class QVBoxLayout;

namespace meshyard::ui {

class EventList;
class KeyFigure;

/// A list of links with a line each; says when the wanted one was clicked.
class LinkList final : public QWidget
{
    Q_OBJECT

public:
    struct Item
    {
        QString key;
        QString text;
        QString detail;
        bool operator==(const Item&) const = default;
    };

    explicit LinkList(QWidget* parent = nullptr);
    /// @param emptyText said when there is none.
    void show(const std::vector<Item>& items, const QString& emptyText);

Q_SIGNALS:
    void chosen(const QString& key);

private:
    void rebuild(const QString& emptyText);

    QVBoxLayout* m_layout;
    std::vector<Item> m_items;
    std::vector<QLabel*> m_details;
};

/// One version of a service: what comes in, who calls it, whom it calls, its instances.
class NodePanel final : public QWidget
{
    Q_OBJECT

public:
    explicit NodePanel(const UiContext& context, QWidget* parent = nullptr);

    void show(const MeshModel& model, const Node& node);

private:
    QLabel* addHeading(QVBoxLayout& layout, const QString& text);
    void showFigures(const MeshModel& model, const Node& node);
    void showLinks(const MeshModel& model, const Node& node);

    UiContext m_context;
    QLabel* m_title = nullptr;
    QLabel* m_subtitle = nullptr;
    KeyFigure* m_rate = nullptr;
    KeyFigure* m_success = nullptr;
    KeyFigure* m_latency = nullptr;
    LinkList* m_callers = nullptr;
    LinkList* m_called = nullptr;
    QLabel* m_instances = nullptr;
    EventList* m_events = nullptr;
};

/// Nothing selected: the mesh as a whole, and what needs attention first.
class MeshPanel final : public QWidget
{
    Q_OBJECT

public:
    explicit MeshPanel(const UiContext& context, QWidget* parent = nullptr);

    void show(const MeshModel& model);

private:
    UiContext m_context;
    QLabel* m_title = nullptr;
    QLabel* m_subtitle = nullptr;
    KeyFigure* m_rate = nullptr;
    KeyFigure* m_success = nullptr;
    KeyFigure* m_services = nullptr;
    LinkList* m_attention = nullptr;
    EventList* m_events = nullptr;
};

} // namespace meshyard::ui
