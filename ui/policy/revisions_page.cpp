// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/policy/revisions_page.h"

#include "ui/commands/mesh_acts.h"
#include "ui/policy/diff_dialog.h"
#include "ui/policy/policy_store.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/figures.h"

#include <QDateTime>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QTableView>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

QString qs(const std::string& text)
{
    return QString::fromStdString(text);
}

QString stateOf(const RevisionInfo& revision)
{
    if (revision.undone)
        return RevisionsPage::tr("undone");
    if (revision.isUndo)
        return RevisionsPage::tr("an undo");
    return revision.applied ? RevisionsPage::tr("applied") : RevisionsPage::tr("pending");
}

} // namespace

RevisionsPage::RevisionsPage(
    const UiContext& context, PolicyStore& store, MeshActs& acts, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_acts(acts)
    , m_model({tr("Revision"), tr("Time"), tr("What"), tr("Who"), tr("State")})
    , m_table(new QTableView(this))
    , m_diff(new DiffText(context.theme, this))
    , m_rollback(new QPushButton(tr("Roll the mesh back to this"), this))
{
    setObjectName(u"page"_s);
    setAttribute(Qt::WA_StyledBackground);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 18, 24, 12);
    auto* head = new QHBoxLayout;
    auto* title = new QLabel(tr("Revisions"), this);
    title->setProperty("role", u"pageTitle"_s);
    head->addWidget(title);
    head->addStretch();
    head->addWidget(m_rollback);
    m_rollback->setToolTip(tr("Restores every document as it stood then, as one new revision."));
    m_table->setModel(&m_model);
    m_table->setAccessibleName(tr("Revisions"));
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setShowGrid(false);
    m_table->verticalHeader()->hide();
    m_table->horizontalHeader()->setSectionResizeMode(2, QHeaderView::Stretch);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    auto* splitter = new QSplitter(Qt::Vertical, this);
    splitter->addWidget(m_table);
    splitter->addWidget(m_diff);
    splitter->setStretchFactor(0, 1);
    splitter->setStretchFactor(1, 1);
    layout->addLayout(head);
    layout->addWidget(splitter, 1);
    connect(&store, &PolicyStore::changed, this, &RevisionsPage::ask);
    connect(m_table->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
        &RevisionsPage::showCurrent);
    connect(m_rollback, &QPushButton::clicked, this, &RevisionsPage::rollback);
    m_rollback->setEnabled(false);
}

void RevisionsPage::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    ask();
}

void RevisionsPage::ask()
{
    MeshCommands* commands = m_context.session.commands();
    if (!commands || !isVisible())
        return;
    commands->revisions(0, this, [this](const Result<std::vector<RevisionInfo>>& reply) {
        if (reply)
            take(*reply);
    });
}

void RevisionsPage::take(const std::vector<RevisionInfo>& revisions)
{
    std::vector<TableModel::Row> rows;
    for (const RevisionInfo& revision : revisions) {
        const QString when = QLocale().toString(
            QDateTime::fromMSecsSinceEpoch(revision.unixMs), QLocale::ShortFormat);
        QStringList touched;
        for (const ResourceRef& ref : revision.touched)
            touched << refText(ref);
        const QString what
            = revision.message.empty() ? touched.join(u", "_s) : qs(revision.message);
        rows.push_back({u"%1"_s.arg(~revision.number, 20, 10, QChar(u'0')),
            {{QString::number(revision.number), static_cast<qulonglong>(revision.number),
                 TableModel::Tone::Plain},
                {when, {}, TableModel::Tone::Sub}, {what, {}, TableModel::Tone::Plain},
                {qs(revision.author), {}, TableModel::Tone::Sub},
                {stateOf(revision), {}, TableModel::Tone::Plain}},
            touched.join(u'\n')});
    }
    std::sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.key < b.key; });
    const bool first = m_model.rowCount() == 0;
    m_model.setRows(std::move(rows));
    if (first)
        m_table->resizeColumnsToContents();
}

std::uint64_t RevisionsPage::current() const
{
    const QModelIndex index = m_table->currentIndex();
    return index.isValid() ? index.siblingAtColumn(0).data(TableModel::kRawRole).toULongLong() : 0;
}

void RevisionsPage::showCurrent()
{
    MeshCommands* commands = m_context.session.commands();
    const std::uint64_t number = current();
    m_rollback->setEnabled(number > 0 && m_context.session.editRefusal().isEmpty());
    if (!commands || number == 0)
        return;
    commands->revisions(
        number, this, [this, number](const Result<std::vector<RevisionInfo>>& reply) {
            if (number != current())
                return;
            QString diff;
            if (!reply)
                diff = qs(reply.error().message);
            else if (!reply->empty())
                for (const ResourceChange& change : reply->front().changes)
                    diff += qs(change.unifiedDiff);
            m_diff->setDiff(diff);
        });
}

void RevisionsPage::rollback()
{
    m_acts.rollback(current(), [this](const Result<ApplyOutput>&) { ask(); });
}

} // namespace meshyard::ui
