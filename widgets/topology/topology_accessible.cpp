// SPDX-License-Identifier: GPL-3.0-or-later
#include "widgets/topology/topology_accessible.h"

#include "widgets/topology/topology_view.h"

#include <QAccessible>
#include <QAccessibleWidget>
#include <QPointer>
#include <QWindow>

namespace meshyard::widgets {
namespace {

using scene::Part;
using scene::PartKind;

/// One thing on the canvas. Lives as long as the view's interface; invalid once its thing is gone.
class PartAccessible final : public QAccessibleInterface, public QAccessibleActionInterface
{
public:
    PartAccessible(TopologyView* view, Part part)
        : m_view(view)
        , m_part(std::move(part))
    {
    }

    bool isValid() const override
    {
        return !m_view.isNull() && !m_view->viewportRectOf(m_part).isNull();
    }
    QObject* object() const override { return nullptr; }
    QAccessibleInterface* parent() const override
    {
        return m_view.isNull() ? nullptr : QAccessible::queryAccessibleInterface(m_view.data());
    }
    QAccessibleInterface* child(int index) const override
    {
        Q_UNUSED(index)
        return nullptr;
    }
    QAccessibleInterface* childAt(int x, int y) const override
    {
        Q_UNUSED(x)
        Q_UNUSED(y)
        return nullptr;
    }
    int childCount() const override { return 0; }
    int indexOfChild(const QAccessibleInterface* child) const override
    {
        Q_UNUSED(child)
        return -1;
    }
    QWindow* window() const override
    {
        return m_view.isNull() ? nullptr : m_view->window()->windowHandle();
    }

    QString text(QAccessible::Text kind) const override
    {
        if (m_view.isNull())
            return {};
        if (kind == QAccessible::Name)
            return m_view->nameOf(m_part);
        if (kind == QAccessible::DebugDescription)
            return identifier();
        return {};
    }
    void setText(QAccessible::Text kind, const QString& text) override
    {
        Q_UNUSED(kind)
        Q_UNUSED(text)
    }
    QRect rect() const override { return m_view.isNull() ? QRect() : m_view->globalRectOf(m_part); }

    QAccessible::Role role() const override
    {
        switch (m_part.kind) {
        case PartKind::Badge:
            return QAccessible::Button;
        case PartKind::EdgeEnd:
            return QAccessible::Grip;
        case PartKind::Diamond:
            return QAccessible::Slider;
        default:
            return QAccessible::ListItem;
        }
    }

    QAccessible::State state() const override
    {
        QAccessible::State state;
        state.focusable = true;
        state.selectable = true;
        if (m_view.isNull() || !isValid()) {
            state.invalid = true;
            return state;
        }
        const QRect rect = m_view->viewportRectOf(m_part);
        state.offscreen = !m_view->viewport()->rect().intersects(rect);
        state.selected = m_view->selected() == m_part;
        state.focused = state.selected && m_view->hasFocus();
        return state;
    }

    void* interface_cast(QAccessible::InterfaceType type) override
    {
        if (type == QAccessible::ActionInterface)
            return static_cast<QAccessibleActionInterface*>(this);
        return nullptr;
    }

    QStringList actionNames() const override { return {pressAction(), setFocusAction()}; }
    void doAction(const QString& name) override
    {
        if (m_view.isNull())
            return;
        m_view->setFocus(Qt::OtherFocusReason);
        m_view->select(m_part);
        m_view->centreOn(m_part);
        if (name == pressAction() && m_part.kind == PartKind::Badge)
            m_view->activate(m_part);
    }
    QStringList keyBindingsForAction(const QString& name) const override
    {
        if (name == pressAction() && m_part.kind == PartKind::Badge)
            return {QStringLiteral("B")};
        if (name == pressAction() && m_part.kind == PartKind::EdgeEnd)
            return {QStringLiteral("R")};
        return {};
    }

    const Part& part() const { return m_part; }

private:
    QString identifier() const
    {
        static const QHash<int, QString> words{
            {static_cast<int>(PartKind::Node), QStringLiteral("node")},
            {static_cast<int>(PartKind::Edge), QStringLiteral("edge")},
            {static_cast<int>(PartKind::EdgeEnd), QStringLiteral("edge-end")},
            {static_cast<int>(PartKind::Badge), QStringLiteral("badge")},
            {static_cast<int>(PartKind::Diamond), QStringLiteral("split")}};
        return words.value(static_cast<int>(m_part.kind)) + QLatin1Char(':') + m_part.id;
    }

    const QPointer<TopologyView> m_view;
    const Part m_part;
};

/// The canvas itself: its parts come first, then its widgets.
class TopologyAccessible final : public QAccessibleWidget
{
public:
    explicit TopologyAccessible(TopologyView* view)
        : QAccessibleWidget(view, QAccessible::List)
    {
    }

    ~TopologyAccessible() override
    {
        for (const QAccessible::Id id : std::as_const(m_ids))
            QAccessible::deleteAccessibleInterface(id);
    }

    int childCount() const override
    {
        return static_cast<int>(parts().size()) + QAccessibleWidget::childCount();
    }

    QAccessibleInterface* child(int index) const override
    {
        const QList<Part> all = parts();
        if (index < 0)
            return nullptr;
        if (index < all.size())
            return interfaceOf(all[index]);
        return QAccessibleWidget::child(index - static_cast<int>(all.size()));
    }

    int indexOfChild(const QAccessibleInterface* child) const override
    {
        const QList<Part> all = parts();
        if (const auto* own = dynamic_cast<const PartAccessible*>(child))
            return static_cast<int>(all.indexOf(own->part()));
        const int index = QAccessibleWidget::indexOfChild(child);
        return index < 0 ? index : index + static_cast<int>(all.size());
    }

    QAccessibleInterface* childAt(int x, int y) const override
    {
        const QPoint point = view()->viewport()->mapFromGlobal(QPoint(x, y));
        if (!view()->viewport()->rect().contains(point))
            return QAccessibleWidget::childAt(x, y);
        const Part part = view()->partAt(point);
        return parts().contains(part) ? interfaceOf(part) : nullptr;
    }

    QAccessibleInterface* focusChild() const override
    {
        if (!view()->hasFocus())
            return QAccessibleWidget::focusChild();
        const Part part = view()->selected();
        return part ? interfaceOf(part) : nullptr;
    }

    QAccessibleInterface* interfaceOf(const Part& part) const
    {
        const QString key = QString::number(static_cast<int>(part.kind)) + part.id;
        if (const auto known = m_ids.constFind(key); known != m_ids.constEnd()) {
            if (QAccessibleInterface* found = QAccessible::accessibleInterface(*known))
                return found;
        }
        auto* made = new PartAccessible(view(), part); // owned by QAccessible's cache
        m_ids.insert(key, QAccessible::registerAccessibleInterface(made));
        return made;
    }

private:
    TopologyView* view() const { return static_cast<TopologyView*>(widget()); }
    QList<Part> parts() const { return view()->parts(); }

    mutable QHash<QString, QAccessible::Id> m_ids;
};

QAccessibleInterface* makeInterface(const QString& className, QObject* object)
{
    Q_UNUSED(className)
    if (auto* view = qobject_cast<TopologyView*>(object))
        return new TopologyAccessible(view); // owned by QAccessible's cache
    return nullptr;
}

} // namespace

void installTopologyAccessibility()
{
    static const bool once = [] {
        QAccessible::installFactory(makeInterface);
        return true;
    }();
    Q_UNUSED(once)
}

void announceParts(TopologyView* view)
{
    if (!QAccessible::isActive())
        return;
    QAccessibleEvent event(view, QAccessible::ObjectReorder);
    QAccessible::updateAccessibility(&event);
}

void announceFocus(TopologyView* view, const Part& part)
{
    if (!QAccessible::isActive() || !view->hasFocus() || !part)
        return;
    auto* whole = dynamic_cast<TopologyAccessible*>(QAccessible::queryAccessibleInterface(view));
    if (whole == nullptr)
        return;
    QAccessibleEvent event(whole->interfaceOf(part), QAccessible::Focus);
    QAccessible::updateAccessibility(&event);
}

} // namespace meshyard::widgets
