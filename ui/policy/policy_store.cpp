// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/policy/policy_store.h"

#include "ui/policy/policy_summary.h"
#include "ui/session/mesh_session.h"

#include <QCoreApplication>
#include <QPointer>
#include <QThreadPool>

#include <charconv>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::ui {
namespace {

std::shared_ptr<const PolicyStore::Resources> parseAll(const std::vector<StoredResource>& documents)
{
    auto resources = std::make_shared<PolicyStore::Resources>();
    for (const StoredResource& document : documents) {
        auto parsed = config::parseResources(document.text,
            {.file = document.ref.kind + '/' + document.ref.name,
                .defaultNamespace = document.ref.ns});
        for (config::Resource& resource : parsed.resources) {
            resource.created = document.revision;
            resources->push_back(std::move(resource));
        }
    }
    return resources;
}

} // namespace

QString refText(const ResourceRef& ref)
{
    return QString::fromStdString(ref.kind + '/' + ref.ns + '/' + ref.name);
}

ResourceRef refOf(const QString& id)
{
    return {id.section(u'/', 0, 0).toStdString(), id.section(u'/', 1, 1).toStdString(),
        id.section(u'/', 2).toStdString()};
}

PolicyStore::PolicyStore(MeshSession& session, QObject* parent)
    : QObject(parent)
    , m_session(session)
{
    connect(&session, &MeshSession::modelChanged, this, &PolicyStore::refresh);
}

void PolicyStore::refresh()
{
    MeshCommands* commands = m_session.commands();
    if (!commands) {
        if (!m_documents.empty())
            take(0, {});
        m_asked = 0;
        return;
    }
    const std::uint64_t revision = m_session.liveModel().mesh().revision;
    if (m_session.liveModel().unixMs() == 0 || revision == m_asked)
        return;
    m_asked = revision;
    commands->get({}, {}, {}, this, [this, revision](Result<std::vector<StoredResource>> reply) {
        if (reply)
            take(revision, std::move(*reply));
        else
            m_asked = 0; // with the next second again
    });
}

void PolicyStore::take(std::uint64_t revision, std::vector<StoredResource> documents)
{
    QThreadPool::globalInstance()->start(
        [this, guard = QPointer(this), revision, documents = std::move(documents)]() mutable {
            auto resources = parseAll(documents);
            QMetaObject::invokeMethod(
                qApp,
                [this, guard, revision, documents = std::move(documents), resources]() mutable {
                    if (!guard || revision < m_revision)
                        return;
                    m_revision = revision;
                    m_documents = std::move(documents);
                    m_resources = resources;
                    collectWeights();
                    Q_EMIT changed();
                },
                Qt::QueuedConnection);
        });
}

const StoredResource* PolicyStore::document(const ResourceRef& ref) const
{
    for (const StoredResource& document : m_documents)
        if (document.ref == ref)
            return &document;
    return nullptr;
}

void PolicyStore::collectWeights()
{
    m_weights.clear();
    for (const config::Resource& resource : *m_resources)
        if (resource.id.kind == "VirtualService")
            addRouteWeights(resource, m_weights);
}

config::EffectiveBreaker PolicyStore::breakerOf(const EdgeKey& edge) const
{
    const config::EdgeQuery query{edge.source.ns, edge.source.service, edge.source.version,
        edge.destination.ns, edge.destination.service, edge.subset};
    return config::BreakerResolver(*m_resources).resolve(query);
}

std::vector<PolicyStore::InForce> PolicyStore::inForce(const EdgeKey& edge) const
{
    std::vector<InForce> found;
    const auto breaker = breakerOf(edge);
    const config::HostTarget host{edge.destination.ns, edge.destination.service};
    found.push_back({breaker.name.empty()
            ? QString()
            : u"CircuitBreaker/"_s + QString::fromStdString(breaker.name),
        breaker.name.empty()
            ? tr("Default breaker (observe)")
            : tr("CircuitBreaker %1").arg(QString::fromStdString(breaker.name).section(u'/', -1)),
        summaryOf(breaker.policy)});
    const auto add = [&](const config::Resource& resource) {
        found.push_back({QString::fromStdString(config::toString(resource.id)),
            QString::fromStdString(resource.id.kind + ' ' + resource.id.name),
            summaryOf(resource)});
    };
    if (const auto* rule = config::destinationRuleOf(*m_resources, host))
        add(*rule);
    const auto services = config::virtualServicesOf(*m_resources, host);
    if (!services.empty())
        add(*services.front());
    return found;
}

config::MeshView PolicyStore::meshView() const
{
    config::MeshView view;
    const MeshModel& model = m_session.liveModel();
    view.known = model.unixMs() > 0;
    for (const auto& [name, service] : model.services()) {
        config::MeshView::Service item;
        item.ns = service.ns;
        item.name = service.name;
        for (const ServicePort& port : service.ports)
            item.ports.push_back(static_cast<std::uint16_t>(port.port));
        for (const auto& [key, node] : model.nodes()) {
            if (key.ns != service.ns || key.service != service.name)
                continue;
            item.gateway = item.gateway || node.kind == NodeKind::Gateway;
            auto labels = node.labels;
            if (!key.version.empty())
                labels.emplace("version", key.version);
            item.instances.push_back(std::move(labels));
        }
        view.services.push_back(std::move(item));
    }
    return view;
}

} // namespace meshyard::ui
