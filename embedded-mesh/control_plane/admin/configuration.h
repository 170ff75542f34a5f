// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/mesh_view.h"
#include "embedded-mesh/config/resource.h"
#include "embedded-mesh/control_plane/discovery/workload_plan.h"
#include "embedded-mesh/control_plane/store/store.h"
#include "meshyard/v1/admin.pb.h"

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

namespace meshyard::control_plane {

using ResourcesPtr = std::shared_ptr<const std::vector<config::Resource>>;

/// The stored documents, parsed, and everything that changes them.
///
/// Thread: any; changes wait for each other.
class Configuration final
{
public:
    using ViewSource = std::function<config::MeshView()>;
    /// Called after each stored revision, on the thread that stored it.
    using Listener = std::function<void(const Revision& revision)>;

    /// @param view what validation shall know of the running mesh. `store` outlives us.
    Configuration(Store& store, ViewSource view);
    void setListener(Listener listener) { m_listener = std::move(listener); }

    /// Parses, validates and, unless asked not to, stores. Errors in documents are diagnostics of a
    /// response with stored = false, not a failure.
    Result<v1::ApplyResponse> apply(const v1::ApplyRequest& request);
    /// A new mesh's first documents.
    Result<v1::ApplyResponse> seed(const std::string& text, const std::string& name);
    Result<v1::ApplyResponse> undo(const v1::UndoRequest& request);
    Result<v1::ApplyResponse> rollback(const v1::RollbackRequest& request);
    Result<v1::GetResponse> get(const v1::GetRequest& request) const;
    Result<v1::RevisionsResponse> revisions(
        const v1::RevisionsRequest& request, std::uint64_t applied) const;

    ResourcesPtr resources() const;
    std::vector<WorkloadPlan> workloads() const;
    Store& store() { return m_store; }

private:
    struct Edited
    {
        std::vector<config::Resource> resources;
        std::vector<config::Diagnostic> diagnostics;
    };
    Edited parse(const v1::ApplyRequest& request) const;
    config::MeshView viewWith(const std::vector<config::Resource>& edited) const;
    Result<v1::ApplyResponse> apply(const v1::ApplyRequest& request, RevisionKind kind);
    v1::ApplyResponse stored(const Revision& revision);
    void reload();

    Store& m_store;
    const ViewSource m_view;
    Listener m_listener;
    std::mutex m_changing; // held from validation to the stored revision
    mutable std::mutex m_mutex; // guards m_resources
    ResourcesPtr m_resources;
};

} // namespace meshyard::control_plane
