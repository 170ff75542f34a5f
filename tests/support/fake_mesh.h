// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "meshyard/v1/admin.grpc.pb.h"
#include "meshyard/v1/observer.grpc.pb.h"

#include <grpcpp/server.h>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace meshyard::test {

/// A control plane for tests, in this process, on a socket: says what the test tells it to, and
/// remembers what it was asked.
class FakeMesh final
{
public:
    /// Listens on unix:PATH at once; restart() does so again after stop().
    explicit FakeMesh(std::string socketPath);
    ~FakeMesh();

    std::string address() const { return "unix:" + m_path; }
    void start();
    /// Ends every stream as a dying control plane would.
    void stop();

    /// Sent to each watcher that connects from now on, before all else.
    void setFirst(std::vector<v1::MeshFrame> frames);
    /// Sent to everyone who watches now.
    void push(const v1::MeshFrame& frame);
    int watchers() const;

    // Answers; a test changes them before it asks.
    v1::StatusResponse status;
    v1::ListEdgesResponse edges;
    v1::ListInstancesResponse instances;
    v1::ListProxiesResponse proxies;
    v1::ListServicesResponse services;
    v1::ListBreakersResponse breakers;
    v1::ApplyResponse applied;
    v1::GetResponse resources;
    v1::RevisionsResponse revisions;
    v1::SetOverrideResponse overridden;
    v1::ConfigDumpResponse configDump;
    grpc::Status refusal; // not OK: every admin call ends with it
    std::function<void()> beforeAnswer; // may block

    // What was asked last.
    v1::ApplyRequest lastApply;
    v1::GetRequest lastGet;
    v1::RevisionsRequest lastRevisions;
    v1::UndoRequest lastUndo;
    v1::RollbackRequest lastRollback;
    v1::SetOverrideRequest lastOverride;
    v1::ReleaseOverrideRequest lastRelease;
    v1::ResetBreakerRequest lastReset;
    v1::ConfigDumpRequest lastConfigDump;
    v1::ListEdgesRequest lastEdges;
    int stops = 0;

private:
    class Observer;
    class Admin;

    const std::string m_path;
    std::unique_ptr<Observer> m_observer;
    std::unique_ptr<Admin> m_admin;
    std::unique_ptr<grpc::Server> m_server;

    mutable std::mutex m_mutex; // guards the members below
    std::condition_variable m_changed;
    std::vector<v1::MeshFrame> m_first;
    std::vector<v1::MeshFrame> m_pushed;
    int m_watchers = 0;
    bool m_stopping = false;
};

} // namespace meshyard::test
