// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/edits.h"
#include "embedded-mesh/core/ids.h"
#include "ui/session/ui_context.h"

#include <QDialog>

class QLabel;
class QPushButton;

namespace meshyard::ui {

class FormPanel;
class MeshActs;
class PolicyStore;

/// One edge's breaker, limits and outlier detection as a form; ends in a diff and Apply.
class PolicyDialog final : public QDialog
{
    Q_OBJECT

public:
    PolicyDialog(const UiContext& context, PolicyStore& store, MeshActs& acts, const EdgeKey& edge,
        QWidget* parent = nullptr);

private:
    void fill();
    void refresh();
    Result<std::vector<config::TextChange>> edits() const;
    void showDiff();
    void apply(const std::vector<config::TextChange>& changes);

    UiContext m_context;
    PolicyStore& m_store;
    MeshActs& m_acts;
    EdgeKey m_edge;
    FormPanel* m_breaker;
    FormPanel* m_limits;
    FormPanel* m_outlier;
    QLabel* m_words;
    QPushButton* m_next;
};

} // namespace meshyard::ui
