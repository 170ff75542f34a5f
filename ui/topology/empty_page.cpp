// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/topology/empty_page.h"

#include "ui/theme/theme.h"

#include <QClipboard>
#include <QGuiApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

void addCommand(
    QVBoxLayout& layout, const QString& sentence, const QString& command, QWidget* parent)
{
    auto* words = new QLabel(sentence, parent);
    words->setWordWrap(true);
    auto* row = new QHBoxLayout;
    auto* field = new QLineEdit(command, parent);
    field->setReadOnly(true);
    field->setFont(Theme::monoFont());
    field->setAccessibleName(sentence);
    auto* copy = new QPushButton(EmptyPage::tr("Copy"), parent);
    QObject::connect(copy, &QPushButton::clicked, parent,
        [command] { QGuiApplication::clipboard()->setText(command); });
    row->addWidget(field, 1);
    row->addWidget(copy);
    layout.addWidget(words);
    layout.addLayout(row);
    layout.addSpacing(10);
}

} // namespace

EmptyPage::EmptyPage(const UiContext&, QWidget* parent)
    : QWidget(parent)
{
    setObjectName(u"canvasPage"_s);
    setAttribute(Qt::WA_StyledBackground);
    auto* column = new QWidget(this);
    column->setFixedWidth(620);
    auto* layout = new QVBoxLayout(column);
    auto* title = new QLabel(tr("The mesh runs, and nobody is in it yet"), column);
    title->setProperty("role", u"pageTitle"_s);
    layout->addWidget(title);
    layout->addSpacing(8);
    addCommand(*layout, tr("Put any program into the mesh; its calls become edges:"),
        u"meshyardctl run shop --port 8080 -- ./shop --listen 127.0.0.1:8080"_s, column);
    addCommand(*layout, tr("Call it from another program in the mesh:"),
        u"meshyardctl run caller -- curl http://shop:8080/"_s, column);
    addCommand(*layout,
        tr("Envoys take their configuration over ADS; the ready line of the control plane names "
           "the "
           "address:"),
        u"meshyardctl status -o json"_s, column);
    auto* row = new QHBoxLayout;
    row->addStretch();
    row->addWidget(column);
    row->addStretch();
    auto* outer = new QVBoxLayout(this);
    outer->addStretch();
    outer->addLayout(row);
    outer->addStretch();
}

} // namespace meshyard::ui
