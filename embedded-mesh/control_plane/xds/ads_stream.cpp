// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/ads_stream.h"

#include <spdlog/spdlog.h>

#include <utility>

namespace meshyard::control_plane {

AdsStream::AdsStream(AdsStreamOwner& owner, const Clock& clock, std::uint64_t id, std::string peer)
    : m_owner(owner)
    , m_id(id)
    , m_peer(std::move(peer))
    , m_session(clock)
{
    StartRead(&m_request);
}

void AdsStream::OnReadDone(bool ok)
{
    if (!ok) { // the client has closed its side
        const std::lock_guard lock(m_mutex);
        finishLocked(grpc::Status::OK);
        return;
    }
    if (const Result<void> taken = take(m_request); !taken) {
        const std::lock_guard lock(m_mutex);
        finishLocked({static_cast<grpc::StatusCode>(taken.error().code), taken.error().message});
        return;
    }
    StartRead(&m_request);
}

Result<void> AdsStream::take(const SotwSession::Request& request)
{
    if (m_node.empty()) { // only this thread writes it
        NodeInfo node = nodeInfoOf(request.node());
        node.peer = m_peer;
        if (node.id.empty())
            return failure(ErrorCode::InvalidArgument,
                "the first request has no node.id: set node.id in the bootstrap");
        if (const auto admitted = m_owner.onFirstMessage(*this, node); !admitted)
            return admitted;
        const std::lock_guard lock(m_mutex);
        m_node = node.id;
        m_session.setNode(node);
    }
    const std::lock_guard lock(m_mutex);
    if (request.has_error_detail())
        spdlog::warn(
            "{} refused {}: {}", m_node, request.type_url(), request.error_detail().message());
    const Result<void> taken = m_session.onRequest(request);
    if (!taken)
        return taken;
    sendLocked();
    return {};
}

void AdsStream::push()
{
    const std::lock_guard lock(m_mutex);
    if (!m_node.empty())
        sendLocked();
}

void AdsStream::sendLocked()
{
    if (m_finished)
        return;
    m_session.setSnapshot(m_owner.snapshotFor(m_node));
    const bool idle = m_queue.empty();
    for (SotwSession::Response& response : m_session.takeResponses())
        m_queue.push_back(std::move(response));
    if (idle)
        startNextWriteLocked();
    if (const auto deadline = m_session.deadline())
        m_owner.onDeadline(*deadline);
    m_owner.onStatus(*this, m_session);
}

void AdsStream::startNextWriteLocked()
{
    if (!m_queue.empty() && !m_finished)
        StartWrite(&m_queue.front());
}

void AdsStream::OnWriteDone(bool ok)
{
    const std::lock_guard lock(m_mutex);
    m_queue.pop_front();
    if (ok)
        startNextWriteLocked();
}

void AdsStream::OnCancel()
{
    const std::lock_guard lock(m_mutex);
    finishLocked(grpc::Status::CANCELLED);
}

void AdsStream::finishLocked(grpc::Status status)
{
    if (std::exchange(m_finished, true))
        return;
    Finish(std::move(status));
}

void AdsStream::OnDone()
{
    m_owner.onGone(*this);
    delete this; // gRPC's contract: the reactor owns itself
}

} // namespace meshyard::control_plane
