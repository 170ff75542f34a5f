// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "ui/reroute/prediction.h"
#include "ui/session/ui_context.h"
#include "widgets/topology/topology_view.h"

#include <QObject>

namespace meshyard::ui {

class MeshActs;
class PolicyStore;
class RerouteCard;

/// Drags on the graph: what they mean, their preview, and the change they end in.
///
/// Thread: GUI.
class RerouteEditor final : public QObject, public widgets::RerouteRules
{
    Q_OBJECT

public:
    RerouteEditor(const UiContext& context, PolicyStore& policies, MeshActs& acts,
        widgets::TopologyView& view, QWidget* overlay);
    ~RerouteEditor() override;

    Verdict canReroute(const QString& edgeId, const QString& nodeId) const override;

Q_SIGNALS:
    /// Its card came up, or has another change to decide.
    void opened();

private:
    void follow(const QString& edgeId, const QString& nodeId);
    void drop(const QString& edgeId, const QString& nodeId);
    void followWeights(const QString& splitId, const QList<int>& weights, bool released);
    void showDraft(const RerouteDraft& draft, bool decidable);
    void placeCard();
    std::optional<RerouteDraft> weightsDraft(
        const QString& splitId, const QList<int>& weights) const;
    scene::ScenePreview previewOf(const RerouteDraft& draft, const Prediction& prediction) const;
    Result<std::vector<config::TextChange>> changes() const;
    QString actText() const;
    void apply();
    void showDiff();
    void cancel();

    UiContext m_context;
    PolicyStore& m_policies;
    MeshActs& m_acts;
    widgets::TopologyView& m_view;
    RerouteCard* m_card; // child of the overlay
    RerouteDraft m_draft;
    QString m_edge;
    QString m_target;
};

/// All changes as one unified diff.
QString diffOf(const std::vector<config::TextChange>& changes);

} // namespace meshyard::ui
