// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/session/ui_context.h"

#include <QWidget>

class QGridLayout;
class QLabel;

namespace meshyard::ui {

/// The first thing a new user sees: four ways to get a mesh, each with what happens next.
class StartPage final : public QWidget
{
    Q_OBJECT

public:
    explicit StartPage(const UiContext& context, QWidget* parent = nullptr);

Q_SIGNALS:
    void demoChosen();
    void ownProcessesChosen();
    void envoysChosen();
    void recordingChosen();

private:
    void addCard(QGridLayout& grid, int place, const QString& icon, const QString& title,
        const QString& sentence, const QString& next, void (StartPage::*chosen)());
    void refreshProblem();

    UiContext m_context;
    QLabel* m_problem;
};

} // namespace meshyard::ui
