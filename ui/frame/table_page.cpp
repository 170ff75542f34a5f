// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/frame/table_page.h"

#include "ui/session/mesh_session.h"
#include "ui/theme/theme.h"

#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QSortFilterProxyModel>
#include <QStyledItemDelegate>
#include <QTableView>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

/// Colours the words of a cell by its tone; the words say the same.
class ToneDelegate final : public QStyledItemDelegate
{
public:
    ToneDelegate(Theme& theme, QObject* parent)
        : QStyledItemDelegate(parent)
        , m_theme(theme)
    {
    }

    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override
    {
        QStyledItemDelegate::initStyleOption(option, index);
        const QColor color
            = colorOf(static_cast<TableModel::Tone>(index.data(TableModel::kToneRole).toInt()));
        option->palette.setColor(QPalette::Text, color);
        option->palette.setColor(QPalette::HighlightedText, color);
    }

private:
    QColor colorOf(TableModel::Tone tone) const
    {
        const auto& t = m_theme.tokens();
        switch (tone) {
        case TableModel::Tone::Sub:
            return t.sub;
        case TableModel::Tone::Ok:
            return t.okText;
        case TableModel::Tone::Warn:
            return t.warnText;
        case TableModel::Tone::Bad:
            return t.badText;
        case TableModel::Tone::Op:
            return t.op;
        case TableModel::Tone::Plain:
            break;
        }
        return t.text;
    }

    Theme& m_theme;
};

} // namespace

TablePage::TablePage(const UiContext& context, Parts parts, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_parts(std::move(parts))
    , m_model(m_parts.headers)
    , m_table(new QTableView(this))
    , m_empty(new QLabel(m_parts.emptyText, this))
{
    setObjectName(u"page"_s);
    setAttribute(Qt::WA_StyledBackground);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 18, 24, 12);
    auto* title = new QLabel(m_parts.title, this);
    title->setProperty("role", u"pageTitle"_s);
    auto* sentence = new QLabel(m_parts.sentence, this);
    sentence->setProperty("role", u"sub"_s);
    auto* find = new QLineEdit(this);
    find->setPlaceholderText(tr("Show only rows that contain …"));
    find->setAccessibleName(tr("Filter rows"));
    find->setClearButtonEnabled(true);
    find->setMaximumWidth(360);
    auto* sorted = new QSortFilterProxyModel(this);
    sorted->setSourceModel(&m_model);
    sorted->setSortRole(TableModel::kRawRole);
    sorted->setFilterKeyColumn(-1);
    sorted->setFilterCaseSensitivity(Qt::CaseInsensitive);
    connect(find, &QLineEdit::textChanged, sorted, &QSortFilterProxyModel::setFilterFixedString);
    m_table->setModel(sorted);
    m_table->setItemDelegate(new ToneDelegate(context.theme, m_table));
    m_table->setAccessibleName(m_parts.title);
    m_table->setShowGrid(false);
    m_table->setSortingEnabled(true);
    m_table->sortByColumn(-1, Qt::AscendingOrder);
    m_table->setSelectionBehavior(QAbstractItemView::SelectRows);
    m_table->setSelectionMode(QAbstractItemView::SingleSelection);
    m_table->setEditTriggers(QAbstractItemView::NoEditTriggers);
    m_table->verticalHeader()->hide();
    m_table->verticalHeader()->setDefaultSectionSize(32);
    m_table->horizontalHeader()->setHighlightSections(false);
    m_table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    connect(m_table, &QTableView::activated, this, [this](const QModelIndex& index) {
        Q_EMIT chosen(index.data(TableModel::kKeyRole).toString());
    });
    m_empty->setProperty("role", u"sub"_s);
    m_empty->setAlignment(Qt::AlignCenter);
    m_empty->setWordWrap(true);
    layout->addWidget(title);
    layout->addWidget(sentence);
    layout->addWidget(find);
    layout->addWidget(m_table, 1);
    layout->addWidget(m_empty, 1);
    connect(&context.session, &MeshSession::modelChanged, this, &TablePage::refresh);
    refresh();
}

void TablePage::showEvent(QShowEvent* event)
{
    QWidget::showEvent(event);
    refresh();
}

void TablePage::refresh()
{
    if (!isVisible() && m_sized)
        return;
    m_model.setRows(m_parts.rows(m_context.session.model()));
    const bool any = m_model.rowCount() > 0;
    m_table->setVisible(any);
    m_empty->setVisible(!any);
    if (any && !m_sized && isVisible()) {
        m_table->resizeColumnsToContents();
        for (int column = 0; column < m_model.columnCount(); ++column)
            m_table->setColumnWidth(column, m_table->columnWidth(column) + 24);
        m_sized = true;
    }
}

} // namespace meshyard::ui
