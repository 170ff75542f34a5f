// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_commands.h"
#include "embedded-mesh/config/effective.h"
#include "embedded-mesh/config/mesh_view.h"
#include "ui/topology/scene_builder.h"

#include <QObject>

#include <map>
#include <memory>

namespace meshyard::ui {

class MeshSession;

/// The documents of the mesh as the control plane stores them, read again with each revision.
///
/// Thread: GUI; documents are parsed on a pool thread.
class PolicyStore final : public QObject
{
    Q_OBJECT

public:
    using Resources = std::vector<config::Resource>;

    explicit PolicyStore(MeshSession& session, QObject* parent = nullptr);

    const std::vector<StoredResource>& documents() const { return m_documents; }
    /// Parsed, in the order of documents(); shared with whoever checks a text off the GUI thread.
    std::shared_ptr<const Resources> resources() const { return m_resources; }
    /// nullptr for an unknown one.
    const StoredResource* document(const ResourceRef& ref) const;
    std::uint64_t revision() const { return m_revision; }
    /// The weighted routes, by "namespace/service".
    const std::map<std::string, RouteWeights>& weights() const { return m_weights; }

    /// A document that acts on an edge, with its essence in a line.
    struct InForce
    {
        QString id; // "Kind/ns/name"; empty = a default of the product
        QString title;
        QString summary;
    };
    std::vector<InForce> inForce(const EdgeKey& edge) const;
    config::EffectiveBreaker breakerOf(const EdgeKey& edge) const;

    /// What validation may know of the running mesh.
    config::MeshView meshView() const;

Q_SIGNALS:
    void changed();

private:
    void refresh();
    void take(std::uint64_t revision, std::vector<StoredResource> documents);
    void collectWeights();

    MeshSession& m_session;
    std::vector<StoredResource> m_documents;
    std::shared_ptr<const Resources> m_resources = std::make_shared<Resources>();
    std::map<std::string, RouteWeights> m_weights;
    std::uint64_t m_revision = 0;
    std::uint64_t m_asked = 0; // the revision under way
};

QString refText(const ResourceRef& ref);
/// From "Kind/ns/name".
ResourceRef refOf(const QString& id);

} // namespace meshyard::ui
