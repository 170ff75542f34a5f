// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/ids.h"

#include <QObject>

#include <variant>

namespace meshyard::ui {

/// What the window is about at the moment: nothing, a node or an edge. Every view follows it.
///
/// Thread: GUI.
class Selection final : public QObject
{
    Q_OBJECT

public:
    using Value = std::variant<std::monostate, NodeKey, EdgeKey>;

    using QObject::QObject;

    const Value& value() const { return m_value; }
    const EdgeKey* edge() const { return std::get_if<EdgeKey>(&m_value); }
    const NodeKey* node() const { return std::get_if<NodeKey>(&m_value); }

    void set(const Value& value)
    {
        if (m_value == value)
            return;
        m_value = value;
        Q_EMIT changed();
    }
    void clear() { set({}); }

Q_SIGNALS:
    void changed();

private:
    Value m_value;
};

} // namespace meshyard::ui
