// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/diagnostic.h"
#include "ui/session/ui_context.h"

#include <QWidget>

class QLabel;
class QListWidget;
class QPushButton;
class QTimer;
class QVBoxLayout;

namespace meshyard::widgets {
class YamlEditor;
}

namespace meshyard::ui {

class DraftJournal;
class MeshActs;
class PolicyChecker;
class PolicyStore;

/// Every document of the mesh: list, editor with problems marked while typing, diff, Apply.
class PolicyPage final : public QWidget
{
    Q_OBJECT

public:
    PolicyPage(const UiContext& context, PolicyStore& store, MeshActs& acts, DraftJournal& drafts,
        QWidget* parent = nullptr);

    /// @param id "Kind/ns/name".
    void open(const QString& id);

private:
    QWidget* makeList();
    QWidget* makeEditor();
    void refreshList();
    void loadCurrent();
    void edited();
    void showProblems(const std::vector<config::Diagnostic>& problems);
    void refreshState();
    void applyWithDiff();
    void apply();
    void revert();
    void removeCurrent();
    QString storedText() const;

    UiContext m_context;
    PolicyStore& m_store; // these three outlive us
    MeshActs& m_acts;
    DraftJournal& m_drafts;
    PolicyChecker* m_checker;
    QListWidget* m_list = nullptr;
    QLabel* m_title = nullptr;
    QLabel* m_state = nullptr;
    widgets::YamlEditor* m_editor = nullptr;
    QListWidget* m_problems = nullptr;
    QPushButton* m_apply = nullptr;
    QPushButton* m_revert = nullptr;
    QPushButton* m_delete = nullptr;
    QString m_current; // id of the document in the editor
    int m_errors = 0;
};

} // namespace meshyard::ui
