// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/session/ui_context.h"

#include <QWidget>

class QLabel;
class QStackedLayout;

namespace meshyard::ui {

class EdgePanel;
class NodePanel;
class MeshPanel;
class PolicyStore;

/// The dock at the right: what the selection is, in figures, charts, policies and events.
class Inspector final : public QWidget
{
    Q_OBJECT

public:
    Inspector(const UiContext& context, PolicyStore& policies, QWidget* parent = nullptr);

Q_SIGNALS:
    void tripWanted(const meshyard::EdgeKey& edge);
    void resetWanted(const meshyard::EdgeKey& edge);
    void releaseWanted(const meshyard::EdgeKey& edge);
    void editPolicyWanted(const meshyard::EdgeKey& edge);
    /// A document's id, "Kind/ns/name".
    void documentWanted(const QString& id);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    void refresh();
    void frameThePast();

    UiContext m_context;
    QStackedLayout* m_stack;
    EdgePanel* m_edge;
    NodePanel* m_node;
    MeshPanel* m_mesh;
    QWidget* m_timeFrame; // over the panels while the past is shown
};

} // namespace meshyard::ui
