// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/xds/ads_service.h"

#include "embedded-mesh/control_plane/xds/ads_stream.h"

#include <spdlog/spdlog.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace meshyard::control_plane {

namespace {

constexpr std::chrono::milliseconds kCoalesce{10};

} // namespace

/// All streams, and the thread that pushes to them: the first change after a quiet time goes at
/// once, what follows within kCoalesce goes together.
class AdsService::Streams final : public AdsStreamOwner
{
public:
    Streams(XdsCache& cache, SyncTracker& tracker, const Clock& clock);
    ~Streams() override;

    AdsStream* open(std::string peer);
    void setAdmission(Admission admission) { m_admission = std::move(admission); }

    Result<void> onFirstMessage(AdsStream& stream, const NodeInfo& node) override;
    NodeSnapshotPtr snapshotFor(const std::string& node) override { return m_cache.snapshot(node); }
    void onStatus(AdsStream& stream, const SotwSession& session) override;
    void onDeadline(TimePoint deadline) override;
    void onGone(AdsStream& stream) override;

private:
    void onChange(XdsCache::Urgency urgency);
    void run();
    void pushAll();

    XdsCache& m_cache;
    SyncTracker& m_tracker;
    const Clock& m_clock;
    Admission m_admission;

    std::mutex m_streamsMutex; // guards m_streams; a stream lives while it is in here
    std::map<std::uint64_t, AdsStream*> m_streams;
    std::uint64_t m_lastId = 0;

    std::mutex m_wakeMutex; // guards the four below; never held while a stream is called
    std::condition_variable m_wake;
    std::optional<TimePoint> m_pushAt;
    TimePoint m_lastPush;
    bool m_stopping = false;
    std::thread m_thread; // last: starts when all else is there
};

AdsService::Streams::Streams(XdsCache& cache, SyncTracker& tracker, const Clock& clock)
    : m_cache(cache)
    , m_tracker(tracker)
    , m_clock(clock)
    , m_lastPush(clock.now() - kCoalesce)
    , m_thread([this] { run(); })
{
    m_cache.setListener(
        [this](const std::string&, XdsCache::Urgency urgency) { onChange(urgency); });
}

AdsService::Streams::~Streams()
{
    m_cache.setListener(nullptr);
    {
        const std::lock_guard lock(m_wakeMutex);
        m_stopping = true;
    }
    m_wake.notify_all();
    m_thread.join();
}

AdsStream* AdsService::Streams::open(std::string peer)
{
    const std::lock_guard lock(m_streamsMutex);
    const std::uint64_t id = ++m_lastId;
    auto* stream = new AdsStream(*this, m_clock, id, std::move(peer)); // deletes itself in OnDone
    m_streams.emplace(id, stream);
    return stream;
}

Result<void> AdsService::Streams::onFirstMessage(AdsStream& stream, const NodeInfo& node)
{
    if (m_admission) {
        if (const Result<void> admitted = m_admission(node); !admitted) {
            spdlog::warn("refused node {}: {}", node.id, admitted.error().message);
            return admitted;
        }
    }
    spdlog::info("node {} ({}) joined", node.id, node.kind);
    m_tracker.connected(stream.id(), node);
    return {};
}

void AdsService::Streams::onStatus(AdsStream& stream, const SotwSession& session)
{
    m_tracker.report(stream.id(), session.revision(), session.isInSync(), session.status());
}

void AdsService::Streams::onGone(AdsStream& stream)
{
    {
        const std::lock_guard lock(m_streamsMutex);
        m_streams.erase(stream.id());
    }
    m_tracker.disconnected(stream.id());
}

void AdsService::Streams::onChange(XdsCache::Urgency urgency)
{
    const TimePoint now = m_clock.now();
    const std::lock_guard lock(m_wakeMutex);
    const TimePoint due
        = urgency == XdsCache::Urgency::AtOnce ? now : std::max(now, m_lastPush + kCoalesce);
    if (m_pushAt && *m_pushAt <= due)
        return;
    m_pushAt = due;
    m_wake.notify_all();
}

void AdsService::Streams::onDeadline(TimePoint deadline)
{
    const std::lock_guard lock(m_wakeMutex);
    if (m_pushAt && *m_pushAt <= deadline)
        return;
    m_pushAt = deadline;
    m_wake.notify_all();
}

void AdsService::Streams::run()
{
    std::unique_lock lock(m_wakeMutex);
    while (!m_stopping) {
        if (!m_pushAt) {
            m_wake.wait(lock);
            continue;
        }
        if (const TimePoint now = m_clock.now(); now < *m_pushAt) {
            m_wake.wait_for(lock, *m_pushAt - now);
            continue;
        }
        m_pushAt.reset();
        lock.unlock();
        pushAll();
        lock.lock();
        m_lastPush = m_clock.now();
    }
}

void AdsService::Streams::pushAll()
{
    const std::lock_guard lock(m_streamsMutex);
    for (const auto& [id, stream] : m_streams)
        stream->push();
}

AdsService::AdsService(XdsCache& cache, SyncTracker& tracker, const Clock& clock)
    : m_streams(std::make_unique<Streams>(cache, tracker, clock))
{
}

AdsService::~AdsService() = default;

void AdsService::setAdmission(Admission admission)
{
    m_streams->setAdmission(std::move(admission));
}

grpc::ServerBidiReactor<envoy::service::discovery::v3::DiscoveryRequest,
    envoy::service::discovery::v3::DiscoveryResponse>*
AdsService::StreamAggregatedResources(grpc::CallbackServerContext* context)
{
    return m_streams->open(context->peer());
}

} // namespace meshyard::control_plane
