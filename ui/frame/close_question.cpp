// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame/close_question.h"

#include <QCheckBox>
#include <QCoreApplication>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

const QString kCloseKey = u"mesh/whenClosing"_s; // "stop" or "leave"

struct CloseQuestion
{
    Q_DECLARE_TR_FUNCTIONS(meshyard::ui::CloseQuestion)
};

} // namespace

void askCloseQuestion(
    QSettings& settings, QWidget* window, std::function<void(bool stopMesh)> decide)
{
    const QString remembered = settings.value(kCloseKey).toString();
    if (remembered == u"stop"_s || remembered == u"leave"_s) {
        decide(remembered == u"stop"_s);
        return;
    }
    auto* box = new QMessageBox(QMessageBox::Question, CloseQuestion::tr("Close Meshyard"),
        CloseQuestion::tr("Stop the mesh, or leave it running?"), QMessageBox::NoButton, window);
    box->setAttribute(Qt::WA_DeleteOnClose);
    box->setInformativeText(CloseQuestion::tr(
        "Left running, its services go on serving, and the next window finds them again."));
    QPushButton* stop = box->addButton(CloseQuestion::tr("Stop the mesh"), QMessageBox::AcceptRole);
    QPushButton* leave
        = box->addButton(CloseQuestion::tr("Leave it running"), QMessageBox::DestructiveRole);
    box->addButton(QMessageBox::Cancel);
    box->setDefaultButton(stop);
    auto* remember = new QCheckBox(CloseQuestion::tr("Remember this"), box);
    box->setCheckBox(remember);
    QObject::connect(box, &QMessageBox::buttonClicked, window,
        [&settings, stop, leave, remember, decide = std::move(decide)](QAbstractButton* button) {
            if (button != stop && button != leave)
                return;
            if (remember->isChecked())
                settings.setValue(kCloseKey, button == stop ? u"stop"_s : u"leave"_s);
            decide(button == stop);
        });
    box->open();
}

} // namespace meshyard::ui
