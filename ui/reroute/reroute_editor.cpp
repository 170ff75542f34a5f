// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/reroute/reroute_editor.h"

#include "embedded-mesh/config/diff.h"
#include "ui/commands/mesh_acts.h"
#include "ui/policy/diff_dialog.h"
#include "ui/policy/policy_store.h"
#include "ui/reroute/reroute_card.h"
#include "ui/session/mesh_session.h"
#include "ui/theme/figures.h"
#include "ui/topology/edge_words.h"

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

QString qs(const std::string& text)
{
    return QString::fromStdString(text);
}

} // namespace

QString diffOf(const std::vector<config::TextChange>& changes)
{
    QString text;
    for (const config::TextChange& change : changes) {
        const std::string name = config::toString(change.id);
        text += qs(config::unifiedDiff(change.before, change.after, name, name));
    }
    return text;
}

RerouteEditor::RerouteEditor(const UiContext& context, PolicyStore& policies, MeshActs& acts,
    widgets::TopologyView& view, QWidget* overlay)
    : QObject(overlay)
    , m_context(context)
    , m_policies(policies)
    , m_acts(acts)
    , m_view(view)
    , m_card(new RerouteCard(context, overlay))
{
    using widgets::TopologyView;
    view.setRerouteRules(this);
    connect(&view, &TopologyView::rerouteCandidate, this, &RerouteEditor::follow);
    connect(&view, &TopologyView::rerouteDropped, this, &RerouteEditor::drop);
    connect(&view, &TopologyView::weightsDragged, this,
        [this](
            const QString& id, const QList<int>& weights) { followWeights(id, weights, false); });
    connect(&view, &TopologyView::weightsReleased, this,
        [this](const QString& id, const QList<int>& weights) { followWeights(id, weights, true); });
    connect(&view, &TopologyView::editCancelled, this, &RerouteEditor::cancel);
    connect(m_card, &RerouteCard::applyWanted, this, &RerouteEditor::apply);
    connect(m_card, &RerouteCard::diffWanted, this, &RerouteEditor::showDiff);
    connect(m_card, &RerouteCard::cancelled, this, &RerouteEditor::cancel);
    connect(&context.session, &MeshSession::timeChanged, this, &RerouteEditor::cancel);
}

RerouteEditor::~RerouteEditor()
{
    m_view.setRerouteRules(nullptr);
}

widgets::RerouteRules::Verdict RerouteEditor::canReroute(
    const QString& edgeId, const QString& nodeId) const
{
    const MeshModel& model = m_context.session.model();
    const EdgeState* edge = edgeOfSceneId(model, edgeId);
    const Node* node = nodeOfSceneId(model, nodeId);
    if (!edge || !node)
        return {false, {}};
    const EdgeKey& key = edge->edge.key;
    if (node->key == key.destination)
        return {false, tr("That is where it goes now.")};
    if (node->key == key.source)
        return {false, tr("A service cannot be routed to itself.")};
    if (node->key.ns != key.destination.ns)
        return {false, tr("Another environment: calls do not cross it.")};
    if (node->kind == NodeKind::Gateway)
        return {false, tr("A gateway takes calls from outside only.")};
    if (node->ready == 0)
        return {false, tr("No instance of it is ready.")};
    return {true, {}};
}

void RerouteEditor::follow(const QString& edgeId, const QString& nodeId)
{
    const MeshModel& model = m_context.session.model();
    const EdgeState* edge = edgeOfSceneId(model, edgeId);
    const Node* node = nodeOfSceneId(model, nodeId);
    if (!edge || !node) {
        m_card->hide();
        m_view.clearPreview();
        return;
    }
    m_edge = edgeId;
    m_target = nodeId;
    showDraft(moveEdge(model, m_policies.weights(), edge->edge.key, node->key), false);
}

void RerouteEditor::drop(const QString& edgeId, const QString& nodeId)
{
    follow(edgeId, nodeId);
    if (m_card->isVisible())
        m_card->setDecidable(true);
}

std::optional<RerouteDraft> RerouteEditor::weightsDraft(
    const QString& splitId, const QList<int>& weights) const
{
    // The branches are the edges of the split, in the order of the model.
    const MeshModel& model = m_context.session.model();
    RerouteDraft draft;
    int branch = 0;
    for (const auto& [key, edge] : model.edges()) {
        if (splitSceneId(key.source, key.destination.ns, key.destination.service) != splitId
            || !isDrawn(model, key))
            continue;
        if (branch == 0) {
            draft.source = key.source;
            draft.host = {key.destination.ns, key.destination.service};
            draft.before = currentShares(model, m_policies.weights(), key.source, draft.host);
            draft.after = draft.before;
            for (config::RouteShare& share : draft.after)
                share.weight = 0;
        }
        for (config::RouteShare& share : draft.after)
            if (share.version == key.destination.version && branch < weights.size())
                share.weight = static_cast<unsigned>(std::max(0, weights[branch]));
        ++branch;
    }
    return branch == 0 ? std::nullopt : std::optional(draft);
}

void RerouteEditor::followWeights(const QString& splitId, const QList<int>& weights, bool released)
{
    const auto draft = weightsDraft(splitId, weights);
    if (!draft)
        return;
    m_edge.clear();
    m_target.clear();
    showDraft(*draft, released);
}

void RerouteEditor::showDraft(const RerouteDraft& draft, bool decidable)
{
    m_draft = draft;
    const Prediction prediction = predict(m_context.session.model(), draft);
    m_view.setPreview(previewOf(draft, prediction));
    const auto edits = changes();
    QStringList documents;
    if (edits)
        for (const config::TextChange& change : *edits)
            documents << (change.before.empty() ? tr("new %1 %2") : tr("%1 %2"))
                             .arg(qs(change.id.kind), qs(change.id.name));
    m_card->show(prediction, tr("%1 · predicted").arg(documents.join(u", "_s)));
    m_card->setDecidable(decidable && edits);
    if (!edits)
        m_card->setRefusal(qs(edits.error().message));
    placeCard();
    Q_EMIT opened();
}

void RerouteEditor::placeCard()
{
    const QWidget* overlay = m_card->parentWidget();
    const QRect target = m_view.globalRectOf({scene::PartKind::Node, m_target});
    QPoint corner(overlay->width() - m_card->width() - 24, 24);
    if (!target.isNull()) {
        const QRect local(overlay->mapFromGlobal(target.topLeft()), target.size());
        const bool right = local.right() + 24 + m_card->width() < overlay->width();
        corner
            = {right ? local.right() + 24 : local.left() - 24 - m_card->width(), local.top() - 40};
    }
    corner.setX(std::clamp(corner.x(), 8, std::max(8, overlay->width() - m_card->width() - 8)));
    corner.setY(std::clamp(corner.y(), 8, std::max(8, overlay->height() - m_card->height() - 8)));
    m_card->move(corner);
}

scene::ScenePreview RerouteEditor::previewOf(
    const RerouteDraft& draft, const Prediction& prediction) const
{
    scene::ScenePreview preview;
    for (const PredictedFigure& figure : prediction.figures)
        if (!figure.node.isEmpty())
            preview.nodes.push_back({figure.node, tr("%1 → %2").arg(figure.before, figure.after)});
    scene::ScenePreview::Weights weights;
    weights.split = splitSceneId(draft.source, draft.host.ns, draft.host.service);
    for (const auto& [key, edge] : m_context.session.model().edges()) {
        if (splitSceneId(key.source, key.destination.ns, key.destination.service) != weights.split
            || !isDrawn(m_context.session.model(), key))
            continue;
        for (const config::RouteShare& share : draft.after)
            if (share.service.service == key.destination.service
                && share.version == key.destination.version)
                weights.weights.push_back(static_cast<int>(share.weight));
    }
    preview.weights.push_back(std::move(weights));
    preview.edge = m_edge;
    preview.target = m_target;
    return preview;
}

Result<std::vector<config::TextChange>> RerouteEditor::changes() const
{
    config::RerouteRequest request;
    request.host = m_draft.host;
    for (const config::RouteShare& share : m_draft.after) {
        const bool known = std::any_of(
            m_draft.before.begin(), m_draft.before.end(), [&](const config::RouteShare& old) {
                return old.version == share.version && old.service == share.service
                    && old.weight > 0;
            });
        if (share.weight > 0 || known)
            request.shares.push_back(share);
    }
    return config::rerouteEdit(*m_policies.resources(), request);
}

QString RerouteEditor::actText() const
{
    QStringList parts;
    for (const config::RouteShare& share : m_draft.after)
        if (share.weight > 0)
            parts << tr("%1 % to %2")
                         .arg(share.weight)
                         .arg(
                             share.version.empty() ? qs(share.service.service) : qs(share.version));
    //: the name of a change, e.g. "route reviews: 30 to v1, 70 to v2"
    return tr("route %1: %2").arg(qs(m_draft.host.service), parts.join(u", "_s));
}

void RerouteEditor::apply()
{
    const auto edits = changes();
    if (!edits) {
        m_card->setRefusal(qs(edits.error().message));
        return;
    }
    ApplyInput input;
    input.defaultNamespace = m_draft.host.ns;
    input.baseRevision = m_policies.revision();
    for (const config::TextChange& change : *edits)
        input.documents.push_back({config::toString(change.id), change.after});
    m_card->setPending();
    m_acts.apply(std::move(input), actText(), [this](const Result<ApplyOutput>& reply) {
        if (!reply)
            m_card->setRefusal(qs(reply.error().message));
        else if (!reply->stored)
            m_card->setRefusal(refusalText(*reply));
        else
            cancel();
    });
}

void RerouteEditor::showDiff()
{
    const auto edits = changes();
    auto* dialog = new DiffDialog(m_context.theme, tr("What changes in the documents"),
        edits ? diffOf(*edits) : qs(edits.error().message), edits ? tr("Apply") : QString(),
        m_card->window());
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this, &RerouteEditor::apply);
    dialog->open();
}

void RerouteEditor::cancel()
{
    m_card->hide();
    m_view.clearPreview();
    m_edge.clear();
    m_target.clear();
}

} // namespace meshyard::ui
