// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/reroute/prediction.h"
#include "ui/session/ui_context.h"

#include <QFrame>

class QGridLayout;
class QLabel;
class QPushButton;

namespace meshyard::ui {

/// "If you apply this": the predicted figures, what would be crossed, Apply, YAML diff, Esc.
class RerouteCard final : public QFrame
{
    Q_OBJECT

public:
    RerouteCard(const UiContext& context, QWidget* parent);

    /// @param subtitle which documents change.
    void show(const Prediction& prediction, const QString& subtitle);
    /// While the drag lasts there is nothing to click yet.
    void setDecidable(bool decidable);
    /// The mesh's or a proxy's own words; the draft stays.
    void setRefusal(const QString& words);
    void setPending();

Q_SIGNALS:
    void applyWanted();
    void diffWanted();
    void cancelled();

protected:
    void keyPressEvent(QKeyEvent* event) override;

private:
    void fitHeight();
    void showRow(int row, const PredictedFigure& figure);
    void setVerdict(const QString& text, const QString& role);

    UiContext m_context;
    QLabel* m_subtitle;
    QGridLayout* m_grid;
    QLabel* m_verdict;
    QPushButton* m_apply;
    QPushButton* m_diff;
};

} // namespace meshyard::ui
