// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/model/mesh_model.h"
#include "ui/session/ui_context.h"
#include "widgets/scene/scene_state.h"

#include <QTimer>
#include <QWidget>

class QFrame;
class QLabel;
class QPushButton;
class QStackedLayout;

namespace meshyard::widgets {
class TopologyView;
}

namespace meshyard::ui {

class EmptyPage;
class PolicyStore;
class RerouteEditor;

/// The live graph with its controls, and what is said over it: starting, lost, past, empty.
class TopologyPage final : public QWidget
{
    Q_OBJECT

public:
    TopologyPage(const UiContext& context, PolicyStore& policies, QWidget* parent = nullptr);

    widgets::TopologyView& view() { return *m_view; }

Q_SIGNALS:
    /// @param anchor the badge, global coordinates.
    void tripWanted(const meshyard::EdgeKey& edge, const QRect& anchor);

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QWidget* makeFigureChoice();
    void connectView();
    void requestScene();
    void buildNow();
    void refreshMode();
    void refreshBanner();
    void placeBanner();
    void takeSelection(const scene::Part& part);
    void showSelection();
    void applyTheme();

    UiContext m_context;
    PolicyStore& m_policies; // outlives us
    widgets::TopologyView* m_view;
    EmptyPage* m_empty;
    QStackedLayout* m_stack;
    QFrame* m_banner;
    QLabel* m_bannerText;
    QPushButton* m_bannerButton;
    QTimer m_frame; // at most 30 scenes a second
};

} // namespace meshyard::ui
