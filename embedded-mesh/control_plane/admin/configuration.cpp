// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/admin/configuration.h"

#include "embedded-mesh/config/kinds.h"
#include "embedded-mesh/config/typed_resource.h"
#include "embedded-mesh/config/validate.h"
#include "embedded-mesh/control_plane/admin/proto_convert.h"
#include "istio/kinds/v1/workload.pb.h"

#include <fmt/format.h>

#include <algorithm>

namespace meshyard::control_plane {
namespace {

constexpr const char* kDefaultNamespace = "production";
constexpr std::uint32_t kDefaultLimit = 100;

config::Resource parseStored(const StoredText& stored, std::vector<config::Diagnostic>* findings)
{
    config::ParsedResources parsed
        = config::parseResources(stored.text, {config::toString(stored.id), stored.id.ns});
    if (findings != nullptr)
        *findings = parsed.diagnostics;
    config::Resource resource;
    if (!parsed.resources.empty())
        resource = std::move(parsed.resources.front());
    resource.id = stored.id;
    resource.created = stored.created;
    return resource;
}

void addWorkload(const config::Resource& resource, config::MeshView& view)
{
    const auto* workload = config::specOf<kinds::v1::Workload>(resource);
    if (workload == nullptr)
        return;
    config::MeshView::Service service;
    service.ns = resource.id.ns;
    service.name = workload->service().empty() ? resource.id.name : workload->service();
    service.gateway = workload->gateway();
    for (const auto& port : workload->ports())
        service.ports.push_back(static_cast<std::uint16_t>(port.port()));
    config::MeshView::Labels labels(workload->labels().begin(), workload->labels().end());
    if (!workload->version().empty())
        labels["version"] = workload->version();
    const auto known = std::find_if(view.services.begin(), view.services.end(),
        [&](const auto& s) { return s.ns == service.ns && s.name == service.name; });
    if (known == view.services.end()) {
        service.instances.push_back(std::move(labels));
        view.services.push_back(std::move(service));
    } else {
        known->instances.push_back(std::move(labels));
        known->ports.insert(known->ports.end(), service.ports.begin(), service.ports.end());
    }
}

bool writes(const std::vector<config::Resource>& resources, const config::ResourceId& id)
{
    return std::any_of(resources.begin(), resources.end(),
        [&id](const config::Resource& resource) { return resource.id == id; });
}

bool deletes(const ChangeSet& changes, const config::ResourceId& id)
{
    return std::any_of(changes.writes.begin(), changes.writes.end(),
        [&id](const ChangeSet::Write& write) { return write.id == id; });
}

} // namespace

Configuration::Configuration(Store& store, ViewSource view)
    : m_store(store)
    , m_view(std::move(view))
{
    reload();
}

void Configuration::reload()
{
    auto resources = std::make_shared<std::vector<config::Resource>>();
    for (const StoredText& stored : m_store.resources())
        resources->push_back(parseStored(stored, nullptr));
    std::erase_if(*resources, [](const config::Resource& r) { return r.spec == nullptr; });
    const std::scoped_lock lock(m_mutex);
    m_resources = std::move(resources);
}

ResourcesPtr Configuration::resources() const
{
    const std::scoped_lock lock(m_mutex);
    return m_resources;
}

std::vector<WorkloadPlan> Configuration::workloads() const
{
    std::vector<WorkloadPlan> plans;
    const ResourcesPtr all = resources();
    for (const config::Resource& resource : *all) {
        if (const auto* workload = config::specOf<kinds::v1::Workload>(resource))
            plans.push_back(planWorkload(resource.id.ns, resource.id.name, *workload));
    }
    return plans;
}

Configuration::Edited Configuration::parse(const v1::ApplyRequest& request) const
{
    Edited edited;
    for (const v1::DocumentText& document : request.documents()) {
        config::ParseOptions options;
        options.file = document.name();
        options.defaultNamespace
            = request.default_namespace().empty() ? kDefaultNamespace : request.default_namespace();
        config::ParsedResources parsed = config::parseResources(document.text(), options);
        std::move(
            parsed.resources.begin(), parsed.resources.end(), std::back_inserter(edited.resources));
        std::move(parsed.diagnostics.begin(), parsed.diagnostics.end(),
            std::back_inserter(edited.diagnostics));
    }
    return edited;
}

config::MeshView Configuration::viewWith(const std::vector<config::Resource>& edited) const
{
    config::MeshView view = m_view();
    const ResourcesPtr all = resources();
    for (const config::Resource& resource : *all)
        addWorkload(resource, view);
    for (const config::Resource& resource : edited)
        addWorkload(resource, view);
    return view;
}

Result<v1::ApplyResponse> Configuration::apply(const v1::ApplyRequest& request)
{
    return apply(request, RevisionKind::Apply);
}

Result<v1::ApplyResponse> Configuration::seed(const std::string& text, const std::string& name)
{
    v1::ApplyRequest request;
    v1::DocumentText& document = *request.add_documents();
    document.set_name(name);
    document.set_text(text);
    request.set_author("meshyard");
    request.set_message("Demo mesh");
    return apply(request, RevisionKind::Seed);
}

Result<v1::ApplyResponse> Configuration::apply(const v1::ApplyRequest& request, RevisionKind kind)
{
    const std::scoped_lock changing(m_changing);
    Edited edited = parse(request);
    ChangeSet changes;
    changes.kind = kind;
    changes.base = request.base_revision();
    changes.author = request.author();
    changes.message = request.message();
    for (const v1::ResourceRef& ref : request.deletes()) {
        const config::KindInfo* info = config::findKind(ref.kind());
        const std::string ns = ref.namespace_().empty() ? kDefaultNamespace : ref.namespace_();
        const config::ResourceId id{info != nullptr ? info->name : ref.kind(), ns, ref.name()};
        if (writes(edited.resources, id))
            return failure(ErrorCode::InvalidArgument,
                fmt::format("{} {}/{} is both deleted and written in this request; keep one",
                    id.kind, id.ns, id.name));
        if (!deletes(changes, id))
            changes.writes.push_back({id, {}, std::nullopt});
    }
    std::vector<config::Resource> others;
    const ResourcesPtr all = resources();
    std::copy_if(all->begin(), all->end(), std::back_inserter(others),
        [&changes](const config::Resource& resource) { return !deletes(changes, resource.id); });
    std::vector<config::Diagnostic> findings
        = config::validate(edited.resources, others, viewWith(edited.resources));
    findings.insert(findings.begin(), edited.diagnostics.begin(), edited.diagnostics.end());

    v1::ApplyResponse response;
    response.set_revision(m_store.newest());
    for (const config::Diagnostic& finding : findings)
        *response.add_diagnostics() = toProto(finding);
    if (config::hasErrors(findings) || request.validate_only())
        return response;
    for (const config::Resource& resource : edited.resources)
        changes.writes.push_back({resource.id, resource.apiVersion, resource.text});
    if (request.dry_run()) {
        auto planned = m_store.plan(changes);
        if (!planned)
            return tl::unexpected(planned.error());
        for (const TextChange& change : *planned)
            *response.add_changes() = toProto(change);
        return response;
    }
    auto revision = m_store.apply(changes);
    if (!revision)
        return tl::unexpected(revision.error());
    v1::ApplyResponse done = stored(*revision);
    *done.mutable_diagnostics() = response.diagnostics();
    return done;
}

v1::ApplyResponse Configuration::stored(const Revision& revision)
{
    v1::ApplyResponse response;
    response.set_revision(revision.number);
    response.set_stored(!revision.changes.empty());
    for (const TextChange& change : revision.changes)
        *response.add_changes() = toProto(change);
    if (revision.changes.empty())
        return response;
    reload();
    if (m_listener)
        m_listener(revision);
    return response;
}

Result<v1::ApplyResponse> Configuration::undo(const v1::UndoRequest& request)
{
    const std::scoped_lock changing(m_changing);
    auto revision
        = request.redo() ? m_store.redo(request.author()) : m_store.undo(request.author());
    if (!revision)
        return tl::unexpected(revision.error());
    return stored(*revision);
}

Result<v1::ApplyResponse> Configuration::rollback(const v1::RollbackRequest& request)
{
    const std::scoped_lock changing(m_changing);
    if (request.dry_run()) {
        auto planned = m_store.planRollback(request.number());
        if (!planned)
            return tl::unexpected(planned.error());
        v1::ApplyResponse response;
        response.set_revision(m_store.newest());
        for (const TextChange& change : *planned)
            *response.add_changes() = toProto(change);
        return response;
    }
    auto revision = m_store.rollback(request.number(), request.author());
    if (!revision)
        return tl::unexpected(revision.error());
    return stored(*revision);
}

Result<v1::GetResponse> Configuration::get(const v1::GetRequest& request) const
{
    std::string kind;
    if (!request.kind().empty()) {
        const config::KindInfo* info = config::findKind(request.kind());
        if (info == nullptr)
            return failure(ErrorCode::InvalidArgument,
                fmt::format("there is no kind \"{}\"; see meshyardctl get --help", request.kind()));
        kind = info->name;
    }
    const std::uint64_t revision
        = request.at_revision() == 0 ? m_store.newest() : request.at_revision();
    auto texts = request.at_revision() == 0 ? Result<std::vector<StoredText>>(m_store.resources())
                                            : m_store.resourcesAt(request.at_revision());
    if (!texts)
        return tl::unexpected(texts.error());
    const config::MeshView view = viewWith({});
    const ResourcesPtr all = resources();
    v1::GetResponse response;
    response.set_revision(revision);
    for (const StoredText& text : *texts) {
        if (!selects(kind, text.id.kind) || !selects(request.namespace_(), text.id.ns)
            || !selects(request.name(), text.id.name))
            continue;
        v1::StoredResource& out = *response.add_resources();
        *out.mutable_ref() = toProto(text.id);
        out.set_api_version(text.apiVersion);
        out.set_text(text.text);
        out.set_revision(text.revision);
        std::vector<config::Diagnostic> findings;
        const std::vector<config::Resource> one{parseStored(text, &findings)};
        if (one.front().spec != nullptr) {
            auto meaning = config::validate(one, *all, view);
            findings.insert(findings.end(), meaning.begin(), meaning.end());
        }
        for (const config::Diagnostic& finding : findings)
            *out.add_diagnostics() = toProto(finding);
    }
    return response;
}

Result<v1::RevisionsResponse> Configuration::revisions(
    const v1::RevisionsRequest& request, std::uint64_t applied) const
{
    std::vector<Revision> list;
    if (request.number() != 0) {
        auto one = m_store.revision(request.number());
        if (!one)
            return tl::unexpected(one.error());
        list.push_back(std::move(*one));
    } else {
        list = m_store.revisions(request.limit() == 0 ? kDefaultLimit : request.limit());
    }
    v1::RevisionsResponse response;
    for (const Revision& revision : list) {
        v1::RevisionInfo& info = *response.add_revisions();
        info.set_number(revision.number);
        info.set_unix_ms(revision.unixMs);
        info.set_author(revision.author);
        info.set_message(revision.message);
        info.set_applied(revision.number <= applied);
        info.set_undone(revision.undone);
        info.set_is_undo(revision.kind == RevisionKind::Undo);
        for (const TextChange& change : revision.changes) {
            *info.add_touched() = toProto(change.id);
            if (request.number() != 0)
                *info.add_changes() = toProto(change);
        }
    }
    return response;
}

} // namespace meshyard::control_plane
