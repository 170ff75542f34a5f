// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/policy/policy_page.h"

#include "embedded-mesh/config/diff.h"
#include "embedded-mesh/config/kinds.h"
#include "ui/commands/mesh_acts.h"
#include "ui/policy/diff_dialog.h"
#include "ui/policy/draft_journal.h"
#include "ui/policy/policy_checker.h"
#include "ui/policy/policy_store.h"
#include "ui/session/mesh_session.h"
#include "widgets/editor/yaml_editor.h"

#include <QLabel>
#include <QListWidget>
#include <QMenu>
#include <QPushButton>
#include <QSplitter>
#include <QStyle>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr int kIdRole = Qt::UserRole;
constexpr int kLineRole = Qt::UserRole;
constexpr int kColumnRole = Qt::UserRole + 1;

QString qs(const std::string& text)
{
    return QString::fromStdString(text);
}

widgets::YamlEditor::Severity severityOf(config::Severity severity)
{
    using Target = widgets::YamlEditor::Severity;
    if (severity == config::Severity::Error)
        return Target::Error;
    return severity == config::Severity::Warning ? Target::Warning : Target::Info;
}

QString templateOf(const config::KindInfo& kind)
{
    return u"apiVersion: %1\nkind: %2\nmetadata:\n  name: new\n  namespace: production\nspec: {}\n"_s
        .arg(qs(kind.apiVersions.front()), qs(kind.name));
}

} // namespace

PolicyPage::PolicyPage(const UiContext& context, PolicyStore& store, MeshActs& acts,
    DraftJournal& drafts, QWidget* parent)
    : QWidget(parent)
    , m_context(context)
    , m_store(store)
    , m_acts(acts)
    , m_drafts(drafts)
    , m_checker(new PolicyChecker(store, this))
{
    setObjectName(u"page"_s);
    setAttribute(Qt::WA_StyledBackground);
    auto* splitter = new QSplitter(this);
    splitter->addWidget(makeList());
    splitter->addWidget(makeEditor());
    splitter->setStretchFactor(1, 1);
    splitter->setSizes({300, 900});
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(24, 18, 24, 12);
    auto* title = new QLabel(tr("Policies"), this);
    title->setProperty("role", u"pageTitle"_s);
    layout->addWidget(title);
    layout->addWidget(splitter, 1);
    connect(&store, &PolicyStore::changed, this, &PolicyPage::refreshList);
    connect(m_checker, &PolicyChecker::checked, this, &PolicyPage::showProblems);
    connect(&context.session, &MeshSession::timeChanged, this, &PolicyPage::refreshState);
    connect(&context.session, &MeshSession::phaseChanged, this, &PolicyPage::refreshState);
    connect(&context.theme, &Theme::changed, this,
        [this] { m_editor->setTokens(m_context.theme.tokens()); });
    m_editor->setTokens(context.theme.tokens());
    refreshList();
    refreshState();
}

QWidget* PolicyPage::makeList()
{
    auto* side = new QWidget(this);
    auto* layout = new QVBoxLayout(side);
    layout->setContentsMargins(0, 4, 12, 0);
    auto* add = new QPushButton(tr("New document"), side);
    auto* menu = new QMenu(add);
    for (const config::KindInfo& kind : config::kinds()) {
        QAction* action = menu->addAction(qs(kind.name));
        action->setToolTip(qs(kind.purpose));
        connect(action, &QAction::triggered, this, [this, &kind] {
            m_drafts.set(u"new:"_s + qs(kind.name), templateOf(kind));
            refreshList();
            open(u"new:"_s + qs(kind.name));
        });
    }
    menu->setToolTipsVisible(true);
    add->setMenu(menu);
    m_list = new QListWidget(side);
    m_list->setAccessibleName(tr("Documents"));
    layout->addWidget(add);
    layout->addWidget(m_list, 1);
    connect(m_list, &QListWidget::currentItemChanged, this, &PolicyPage::loadCurrent);
    return side;
}

QWidget* PolicyPage::makeEditor()
{
    auto* side = new QWidget(this);
    auto* layout = new QVBoxLayout(side);
    layout->setContentsMargins(12, 4, 0, 0);
    auto* head = new QHBoxLayout;
    m_title = new QLabel(side);
    m_title->setProperty("role", u"title"_s);
    m_title->setTextFormat(Qt::PlainText);
    m_state = new QLabel(side);
    m_state->setProperty("role", u"sub"_s);
    m_delete = new QPushButton(tr("Delete"), side);
    m_revert = new QPushButton(tr("Discard draft"), side);
    m_apply = new QPushButton(tr("Show diff and apply"), side);
    m_apply->setProperty("role", u"primary"_s);
    m_apply->setObjectName(u"applyPolicy"_s);
    head->addWidget(m_title);
    head->addWidget(m_state);
    head->addStretch();
    head->addWidget(m_delete);
    head->addWidget(m_revert);
    head->addWidget(m_apply);
    m_editor = new widgets::YamlEditor(side);
    m_editor->setAccessibleName(tr("Text of the document"));
    m_problems = new QListWidget(side);
    m_problems->setAccessibleName(tr("Problems"));
    m_problems->setMaximumHeight(120);
    m_problems->setWordWrap(true);
    layout->addLayout(head);
    layout->addWidget(m_editor, 1);
    layout->addWidget(m_problems);
    connect(m_editor, &widgets::YamlEditor::textEdited, this, &PolicyPage::edited);
    connect(m_apply, &QPushButton::clicked, this, &PolicyPage::applyWithDiff);
    connect(m_revert, &QPushButton::clicked, this, &PolicyPage::revert);
    connect(m_delete, &QPushButton::clicked, this, &PolicyPage::removeCurrent);
    connect(m_problems, &QListWidget::itemClicked, this, [this](const QListWidgetItem* item) {
        m_editor->goTo(item->data(kLineRole).toInt(), item->data(kColumnRole).toInt());
    });
    return side;
}

void PolicyPage::refreshList()
{
    const QSignalBlocker blocker(m_list);
    const QString current = m_current;
    m_list->clear();
    const auto add = [this](const QString& id, const QString& text) {
        const bool draft = m_drafts.has(id);
        auto* item = new QListWidgetItem(draft ? tr("%1 (draft)").arg(text) : text, m_list);
        item->setData(kIdRole, id);
        item->setToolTip(text);
    };
    for (const StoredResource& document : m_store.documents())
        add(refText(document.ref),
            tr("%1 · %2 · %3")
                .arg(qs(document.ref.kind), qs(document.ref.name), qs(document.ref.ns)));
    for (const QString& id : m_drafts.ids())
        if (id.startsWith(u"new:"_s))
            add(id, tr("New %1").arg(id.mid(4)));
    open(current);
}

void PolicyPage::open(const QString& id)
{
    for (int row = 0; row < m_list->count(); ++row) {
        if (m_list->item(row)->data(kIdRole).toString() != id)
            continue;
        m_list->setCurrentRow(row);
        if (m_current != id)
            loadCurrent();
        return;
    }
    if (m_list->count() > 0 && m_current.isEmpty()) {
        m_list->setCurrentRow(0);
        loadCurrent();
    }
}

QString PolicyPage::storedText() const
{
    const StoredResource* document = m_store.document(refOf(m_current));
    return document ? qs(document->text) : QString();
}

void PolicyPage::loadCurrent()
{
    const QListWidgetItem* item = m_list->currentItem();
    if (!item)
        return;
    m_current = item->data(kIdRole).toString();
    m_title->setText(
        m_current.startsWith(u"new:"_s) ? tr("New %1").arg(m_current.mid(4)) : m_current);
    m_editor->setText(m_drafts.has(m_current) ? m_drafts.draft(m_current) : storedText());
    m_errors = 0;
    m_checker->check(m_editor->text(), u"production"_s);
    refreshState();
}

void PolicyPage::edited()
{
    const QString text = m_editor->text();
    m_drafts.set(m_current, text == storedText() ? QString() : text);
    m_checker->check(text, u"production"_s);
    refreshState();
}

void PolicyPage::showProblems(const std::vector<config::Diagnostic>& problems)
{
    std::vector<widgets::YamlEditor::Mark> marks;
    m_problems->clear();
    m_errors = 0;
    for (const config::Diagnostic& problem : problems) {
        m_errors += problem.severity == config::Severity::Error ? 1 : 0;
        marks.push_back({static_cast<int>(std::max(1U, problem.line)),
            static_cast<int>(std::max(1U, problem.column)), static_cast<int>(problem.endColumn),
            severityOf(problem.severity), qs(problem.message)});
        const QString kind
            = problem.severity == config::Severity::Error ? tr("Error") : tr("Warning");
        auto* item = new QListWidgetItem(tr("%1 in line %2: %3 (%4)")
                                             .arg(kind)
                                             .arg(problem.line)
                                             .arg(qs(problem.message), qs(problem.code)),
            m_problems);
        item->setData(kLineRole, problem.line);
        item->setData(kColumnRole, problem.column);
    }
    m_editor->setMarks(marks);
    m_problems->setVisible(!problems.empty());
    refreshState();
}

void PolicyPage::refreshState()
{
    const QString refusal = m_context.session.editRefusal();
    const bool changed = m_drafts.has(m_current);
    QString state;
    if (!refusal.isEmpty())
        state = refusal;
    else if (m_errors > 0)
        state = tr("%n error(s): nothing is applied until they are gone", nullptr, m_errors);
    else if (changed)
        state = tr("draft, kept on disk");
    m_state->setText(state);
    m_editor->setReadOnly(m_current.isEmpty() || !refusal.isEmpty());
    m_apply->setEnabled(refusal.isEmpty() && changed && m_errors == 0);
    m_revert->setEnabled(changed);
    m_delete->setEnabled(refusal.isEmpty() && m_store.document(refOf(m_current)) != nullptr);
}

void PolicyPage::applyWithDiff()
{
    const std::string name = m_current.toStdString();
    const QString diff = qs(config::unifiedDiff(
        storedText().toStdString(), m_editor->text().toStdString(), name, name));
    auto* dialog = new DiffDialog(
        m_context.theme, tr("What changes in the documents"), diff, tr("Apply"), window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, &PolicyPage::apply);
    dialog->open();
}

void PolicyPage::apply()
{
    ApplyInput input;
    input.documents.push_back({m_current.toStdString(), m_editor->text().toStdString()});
    input.defaultNamespace = "production";
    input.baseRevision = m_store.revision();
    const QString id = m_current;
    m_acts.apply(
        std::move(input), tr("edit %1").arg(id), [this, id](const Result<ApplyOutput>& reply) {
            if (reply && reply->stored) {
                m_drafts.set(id, {});
                refreshList();
            } else {
                m_state->setText(reply ? refusalText(*reply) : qs(reply.error().message));
            }
        });
}

void PolicyPage::revert()
{
    m_drafts.set(m_current, {});
    const bool isNew = m_current.startsWith(u"new:"_s);
    if (isNew)
        m_current.clear();
    refreshList();
    loadCurrent();
}

void PolicyPage::removeCurrent()
{
    ApplyInput input;
    input.deletes.push_back(refOf(m_current));
    input.baseRevision = m_store.revision();
    m_acts.apply(
        std::move(input), tr("delete %1").arg(m_current), [this](const Result<ApplyOutput>& reply) {
            if (reply && reply->stored)
                m_current.clear();
        });
}

} // namespace meshyard::ui
