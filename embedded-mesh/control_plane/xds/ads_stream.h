// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/xds/sotw_session.h"

#include "envoy/service/discovery/v3/ads.grpc.pb.h"

#include <deque>
#include <mutex>
#include <string>

namespace meshyard::control_plane {

class AdsStream;

/// What a stream needs from the service that owns it.
class AdsStreamOwner
{
public:
    virtual ~AdsStreamOwner() = default;

    /// First message: an error ends the stream.
    virtual Result<void> onFirstMessage(AdsStream& stream, const NodeInfo& node) = 0;
    virtual NodeSnapshotPtr snapshotFor(const std::string& node) = 0;
    virtual void onStatus(AdsStream& stream, const SotwSession& session) = 0;
    /// A held-back response is due at `deadline`.
    virtual void onDeadline(TimePoint deadline) = 0;
    /// Last call of the stream, which deletes itself afterwards.
    virtual void onGone(AdsStream& stream) = 0;
};

/// One ADS stream of one client: joins gRPC's callbacks with the state machine.
///
/// Thread: gRPC's callbacks and the owner's push(); the mutex orders them. The owner never calls in
/// after onGone().
class AdsStream final : public grpc::ServerBidiReactor<SotwSession::Request, SotwSession::Response>
{
public:
    AdsStream(AdsStreamOwner& owner, const Clock& clock, std::uint64_t id, std::string peer);

    std::uint64_t id() const { return m_id; }
    /// Takes the newest snapshot and sends what became due.
    void push();
    void OnReadDone(bool ok) override;
    void OnWriteDone(bool ok) override;
    void OnCancel() override;
    void OnDone() override;

private:
    Result<void> take(const SotwSession::Request& request);
    void sendLocked();
    void startNextWriteLocked();
    void finishLocked(grpc::Status status);

    AdsStreamOwner& m_owner; // outlives us
    const std::uint64_t m_id;
    const std::string m_peer;
    SotwSession::Request m_request; // gRPC's while a read is outstanding

    std::mutex m_mutex; // guards all below
    SotwSession m_session;
    std::string m_node;
    std::deque<SotwSession::Response> m_queue; // the front one is being written
    bool m_finished = false;
};

} // namespace meshyard::control_plane
