// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/ui_context.h"

#include <QWidget>

class QComboBox;
class QHBoxLayout;
class QLabel;
class QLineEdit;
class QMenu;
class QPushButton;
class QToolButton;

namespace meshyard::ui {

/// The bar at the top: mesh, environment, find, go to anything, time, revision, undo, export, menu.
class TopBar final : public QWidget
{
    Q_OBJECT

public:
    /// @param menu behind the last button; outlives us.
    TopBar(const UiContext& context, QMenu& menu, QWidget* parent = nullptr);

    void focusFind();

private:
    void addMeshName(QHBoxLayout& layout);
    void addFind(QHBoxLayout& layout);
    void addTimeAndRevision(QHBoxLayout& layout);
    QToolButton* addButton(QHBoxLayout& layout, const QString& actionId, bool iconOnly);
    void refreshMesh();
    void refreshEnvironments();
    void refreshTime();
    void refreshRevision();
    void refreshFindState();
    void refreshAll();

    UiContext m_context;
    QLabel* m_dot = nullptr;
    QLabel* m_name = nullptr;
    QLabel* m_kind = nullptr;
    QComboBox* m_environment = nullptr;
    QLineEdit* m_find = nullptr;
    QToolButton* m_time = nullptr;
    QToolButton* m_revision = nullptr;
};

} // namespace meshyard::ui
