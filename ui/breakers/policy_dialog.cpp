// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/breakers/policy_dialog.h"

#include "ui/breakers/form_panel.h"
#include "ui/commands/mesh_acts.h"
#include "ui/policy/diff_dialog.h"
#include "ui/policy/policy_store.h"
#include "ui/reroute/reroute_editor.h"
#include "ui/session/mesh_session.h"
#include "ui/topology/edge_words.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QPushButton>
#include <QTabWidget>
#include <QVBoxLayout>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

constexpr auto kPool = "spec.trafficPolicy.connectionPool";
constexpr auto kOutlier = "spec.trafficPolicy.outlierDetection";

const document::Node* below(
    const config::Resource* resource, std::initializer_list<const char*> path)
{
    const document::Node* node = resource ? resource->tree.get() : nullptr;
    for (const char* key : path)
        node = node ? node->find(key) : nullptr;
    return node;
}

config::BreakerScope scopeOf(const EdgeKey& edge)
{
    config::BreakerScope scope;
    scope.sourceNamespace = edge.source.ns;
    scope.sourceService = edge.source.service;
    scope.destinationNamespace = edge.destination.ns;
    scope.destinationService = edge.destination.service;
    return scope;
}

} // namespace

PolicyDialog::PolicyDialog(const UiContext& context, PolicyStore& store, MeshActs& acts,
    const EdgeKey& edge, QWidget* parent)
    : QDialog(parent)
    , m_context(context)
    , m_store(store)
    , m_acts(acts)
    , m_edge(edge)
    , m_breaker(new FormPanel(this))
    , m_limits(new FormPanel(this))
    , m_outlier(new FormPanel(this))
    , m_words(new QLabel(this))
{
    setWindowTitle(tr("Policy of %1").arg(edgeText(edge)));
    resize(560, 640);
    auto* tabs = new QTabWidget(this);
    tabs->addTab(m_breaker, tr("Breaker"));
    tabs->addTab(m_limits, tr("Limits"));
    tabs->addTab(m_outlier, tr("Outlier detection"));
    tabs->setTabToolTip(0, tr("CircuitBreaker: opens when calls fail, tries again by itself."));
    tabs->setTabToolTip(1, tr("DestinationRule, connectionPool: how many calls at once."));
    tabs->setTabToolTip(2, tr("DestinationRule, outlierDetection: takes single instances out."));
    auto* buttons = new QDialogButtonBox(this);
    m_next = buttons->addButton(tr("Show diff and apply"), QDialogButtonBox::ActionRole);
    m_next->setProperty("role", u"primary"_s);
    m_next->setObjectName(u"policyDiff"_s);
    buttons->addButton(tr("Cancel"), QDialogButtonBox::RejectRole);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(m_next, &QPushButton::clicked, this, &PolicyDialog::showDiff);
    m_words->setWordWrap(true);
    m_words->setTextFormat(Qt::PlainText);
    auto* layout = new QVBoxLayout(this);
    auto* title = new QLabel(windowTitle(), this);
    title->setProperty("role", u"title"_s);
    layout->addWidget(title);
    layout->addWidget(tabs, 1);
    layout->addWidget(m_words);
    layout->addWidget(buttons);
    fill();
    for (FormPanel* panel : {m_breaker, m_limits, m_outlier})
        connect(panel, &FormPanel::edited, this, &PolicyDialog::refresh);
    refresh();
}

void PolicyDialog::fill()
{
    const auto& resources = *m_store.resources();
    const config::EdgeQuery query{m_edge.source.ns, m_edge.source.service, m_edge.source.version,
        m_edge.destination.ns, m_edge.destination.service, m_edge.subset};
    const config::Resource* breaker = config::BreakerResolver(resources).document(query);
    std::vector<config::FormField> fields;
    for (const config::FormField& field : config::formFields("CircuitBreaker"))
        if (field.name != "source" && field.name != "destination")
            fields.push_back(field);
    m_breaker->setFields(fields, u"spec."_s, below(breaker, {"spec"}));
    const config::Resource* rule
        = config::destinationRuleOf(resources, {m_edge.destination.ns, m_edge.destination.service});
    m_limits->setFields(config::formField("DestinationRule", kPool).fields,
        QString::fromLatin1(kPool) + u'.',
        below(rule, {"spec", "trafficPolicy", "connectionPool"}));
    m_outlier->setFields(config::formField("DestinationRule", kOutlier).fields,
        QString::fromLatin1(kOutlier) + u'.',
        below(rule, {"spec", "trafficPolicy", "outlierDetection"}));
}

void PolicyDialog::refresh()
{
    const bool valid = m_breaker->isValid() && m_limits->isValid() && m_outlier->isValid();
    const bool changed = !m_breaker->changes().empty() || !m_limits->changes().empty()
        || !m_outlier->changes().empty();
    const QString refusal = m_context.session.editRefusal();
    m_words->setText(!refusal.isEmpty() ? refusal
            : valid                     ? tr("Empty fields keep their default, shown in grey.")
                    : tr("A value is out of its range; the red field says how."));
    m_next->setEnabled(refusal.isEmpty() && valid && changed);
}

Result<std::vector<config::TextChange>> PolicyDialog::edits() const
{
    const auto& resources = *m_store.resources();
    const config::HostTarget host{m_edge.destination.ns, m_edge.destination.service};
    std::vector<config::TextChange> changes;
    if (const auto fields = m_breaker->changes(); !fields.empty()) {
        auto change = config::circuitBreakerEdit(resources, scopeOf(m_edge), fields);
        if (!change)
            return tl::unexpected(change.error());
        changes.push_back(std::move(*change));
    }
    if (const auto fields = m_limits->changes(); !fields.empty()) {
        auto change = config::limitsEdit(resources, host, {}, fields);
        if (!change)
            return tl::unexpected(change.error());
        changes.push_back(std::move(*change));
    }
    if (const auto fields = m_outlier->changes(); !fields.empty()) {
        // Both may touch one DestinationRule: the second edit starts from the first one's text.
        std::vector<config::Resource> base(resources.begin(), resources.end());
        if (!changes.empty() && changes.back().id.kind == "DestinationRule") {
            auto parsed = config::parseResources(changes.back().after, {});
            std::erase_if(base, [&](const auto& item) { return item.id == changes.back().id; });
            for (config::Resource& item : parsed.resources)
                base.push_back(std::move(item));
        }
        auto change = config::outlierEdit(base, host, {}, fields);
        if (!change)
            return tl::unexpected(change.error());
        if (!changes.empty() && changes.back().id == change->id) {
            change->before = changes.back().before;
            changes.pop_back();
        }
        changes.push_back(std::move(*change));
    }
    return changes;
}

void PolicyDialog::showDiff()
{
    const auto changes = edits();
    if (!changes) {
        m_words->setText(QString::fromStdString(changes.error().message));
        return;
    }
    auto* dialog = new DiffDialog(
        m_context.theme, tr("What changes in the documents"), diffOf(*changes), tr("Apply"), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, [this, changes = *changes] { apply(changes); });
    dialog->open();
}

void PolicyDialog::apply(const std::vector<config::TextChange>& changes)
{
    ApplyInput input;
    input.defaultNamespace = m_edge.destination.ns;
    input.baseRevision = m_store.revision();
    for (const config::TextChange& change : changes)
        input.documents.push_back({config::toString(change.id), change.after});
    m_acts.apply(std::move(input), tr("policy of %1").arg(edgeText(m_edge)),
        [this](const Result<ApplyOutput>& reply) {
            if (reply && reply->stored)
                accept();
            else
                m_words->setText(
                    reply ? refusalText(*reply) : QString::fromStdString(reply.error().message));
        });
}

} // namespace meshyard::ui
