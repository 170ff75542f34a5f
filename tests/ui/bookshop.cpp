// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/ui/bookshop.h"

#include <QDateTime>

namespace meshyard::test {
namespace {

const NodeKey kIngress{"production", "ingress", ""};
const NodeKey kPage{"production", "productpage", "v1"};
const NodeKey kDetails{"production", "details", "v1"};
const NodeKey kReviews1{"production", "reviews", "v1"};
const NodeKey kReviews2{"production", "reviews", "v2"};
const NodeKey kReviews3{"production", "reviews", "v3"};
const NodeKey kRatings{"production", "ratings", "v1"};
const NodeKey kStagingPage{"staging", "productpage", "v2"};
const NodeKey kStagingReviews{"staging", "reviews", "v3"};

Node makeNode(const NodeKey& key, NodeKind kind = NodeKind::Service)
{
    Node node;
    node.key = key;
    node.kind = kind;
    node.instances = 2;
    node.ready = 2;
    node.localities = {"eu-west/a"};
    return node;
}

} // namespace

NodeKey Bookshop::node(const char* service, const char* version, const char* ns)
{
    return {ns, service, version};
}

EdgeKey Bookshop::edge(const NodeKey& from, const NodeKey& to)
{
    EdgeKey key;
    key.source = from;
    key.destination = to;
    if (to.service == "reviews" && to.ns == "production")
        key.subset = to.version;
    return key;
}

std::vector<Bookshop::Call> Bookshop::calls() const
{
    const std::uint64_t failing = ratingsFail ? 45 : 0;
    return {
        {edge(kIngress, kPage), 312 - failing, failing, 38'000},
        {edge(kPage, kReviews1), 93, 0, 12'000},
        {edge(kPage, kReviews2), 187 - failing, failing, 431'000},
        {edge(kPage, kReviews3), 31, 0, 260'000},
        {edge(kPage, kDetails), 310, 0, 6'000},
        {edge(kReviews2, kRatings), 156 - failing, failing, 412'000},
        {edge(kReviews3, kRatings), 20, 0, 9'000},
        {edge(kStagingPage, kStagingReviews), 9, 0, 19'000},
    };
}

EdgeBreaker Bookshop::breakerOf(const Call& call) const
{
    EdgeBreaker breaker;
    breaker.state = BreakerState::Closed;
    breaker.known = Knowledge::Known;
    breaker.instances = 3;
    for (const char* suffix : {"-a", "-b", "-c"}) {
        BreakerMember member;
        member.instance = call.key.source.service + "-" + call.key.source.version + suffix;
        member.state = BreakerState::Closed;
        member.windowCalls = 41;
        breaker.members.push_back(member);
    }
    if (ratingsFail && call.key == edge(kReviews2, kRatings)) {
        breaker.state = BreakerState::Open;
        breaker.openInstances = 2;
        breaker.secondsLeft = 4;
        breaker.members[0].state = BreakerState::Open;
        breaker.members[0].openLeftMs = 4000;
        breaker.members[1].state = BreakerState::HalfOpen;
        breaker.members[1].trialsOk = 2;
        breaker.members[1].trialsWanted = 5;
    }
    for (const ActiveOverride& active : overrides) {
        if (active.edge.sourceService != call.key.source.service
            || active.edge.sourceVersion != call.key.source.version
            || active.edge.destinationService != call.key.destination.service)
            continue;
        breaker.overrideKind = active.kind;
        breaker.overrideId = active.id;
        breaker.secondsLeft = (active.deadlineMs - unixMs) / 1000;
    }
    return breaker;
}

std::vector<EdgeSample> Bookshop::samples() const
{
    std::vector<EdgeSample> found;
    EdgeId id = 0;
    for (const Call& call : calls()) {
        EdgeSample sample;
        sample.edge = ++id;
        sample.outcomes.ok = call.ok;
        sample.outcomes.serverErrors = call.failed;
        for (std::uint64_t i = 0; i < call.ok + call.failed; ++i)
            sample.latency.record(call.latencyUs * (50 + i % 60) / 100);
        sample.inFlight = 4;
        sample.breaker = breakerOf(call);
        found.push_back(sample);
    }
    return found;
}

MeshFramePtr Bookshop::full()
{
    auto frame = std::make_shared<MeshFrame>();
    frame->unixMs = unixMs;
    frame->full = true;
    frame->closesSecond = true;
    MeshInfo mesh;
    mesh.name = "bookshop";
    mesh.demo = true;
    mesh.revision = revision;
    mesh.appliedRevision = revision;
    mesh.proxies = 18;
    mesh.proxiesInSync = 18;
    mesh.workloadsWanted = 18;
    mesh.workloadsReady = 18;
    mesh.canUndo = true;
    frame->mesh = mesh;
    frame->nodes = {makeNode(kIngress, NodeKind::Gateway), makeNode(kPage), makeNode(kDetails),
        makeNode(kReviews1), makeNode(kReviews2), makeNode(kReviews3), makeNode(kRatings),
        makeNode(kStagingPage), makeNode(kStagingReviews)};
    EdgeId id = 0;
    for (const Call& call : calls())
        frame->edges.push_back({++id, call.key, {}});
    frame->samples = samples();
    frame->overrides = overrides;
    return frame;
}

MeshFramePtr Bookshop::next()
{
    unixMs += 1000;
    auto frame = std::make_shared<MeshFrame>();
    frame->unixMs = unixMs;
    frame->closesSecond = true;
    frame->samples = samples();
    frame->overrides = overrides;
    return frame;
}

void ToldSource::tell(const MeshFramePtr& frame)
{
    m_heard = QDateTime::currentMSecsSinceEpoch();
    Q_EMIT frameReceived(frame);
}

void ToldSource::setState(State state)
{
    m_state = state;
    Q_EMIT stateChanged(state);
}

void NotedCommands::apply(const ApplyInput& input, QObject*, Reply<ApplyOutput> reply)
{
    m_log.applied.push_back(input);
    ApplyOutput output;
    output.stored = m_log.refusal.empty();
    output.revision = 42;
    if (!output.stored) {
        RemoteDiagnostic diagnostic;
        diagnostic.message = m_log.refusal;
        output.diagnostics.push_back(diagnostic);
    }
    reply(output);
}

void NotedCommands::get(const std::string&, const std::string&, const std::string&, QObject*,
    Reply<std::vector<StoredResource>> reply)
{
    reply(m_log.documents);
}

void NotedCommands::revisions(
    std::uint64_t number, QObject*, Reply<std::vector<RevisionInfo>> reply)
{
    RevisionInfo info;
    info.number = number == 0 ? 41 : number;
    info.unixMs = 1'700'000'000'000;
    info.author = "ada";
    info.message = "reviews 30 · 60 · 10";
    info.applied = true;
    reply(std::vector<RevisionInfo>{info});
}

void NotedCommands::undo(QObject*, Reply<ApplyOutput> reply)
{
    ++m_log.undone;
    ApplyOutput output;
    output.stored = true;
    output.revision = 43;
    reply(output);
}

void NotedCommands::redo(QObject*, Reply<ApplyOutput> reply)
{
    reply(ApplyOutput{});
}

void NotedCommands::rollback(std::uint64_t, bool, QObject*, Reply<ApplyOutput> reply)
{
    ApplyOutput output;
    output.stored = true;
    output.revision = 44;
    reply(output);
}

void NotedCommands::setOverride(const OverrideInput& input, QObject*, Reply<ActiveOverride> reply)
{
    m_log.overrides.push_back(input);
    ActiveOverride active;
    active.id = "o1";
    active.edge = input.edge;
    active.kind = input.kind;
    reply(active);
}

void NotedCommands::releaseOverride(const std::string& id, QObject*, Reply<Done> reply)
{
    m_log.released << QString::fromStdString(id);
    reply(Done{});
}

void NotedCommands::resetBreaker(const EdgeSelector& edge, QObject*, Reply<Done> reply)
{
    m_log.resets.push_back(edge);
    reply(Done{});
}

void NotedCommands::configDump(const std::string&, QObject*, Reply<std::string> reply)
{
    reply(std::string("{}"));
}

void NotedCommands::stopMesh(QObject*, Reply<Done> reply)
{
    reply(Done{});
}

} // namespace meshyard::test
