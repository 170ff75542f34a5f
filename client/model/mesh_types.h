// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The values a console works on: what meshyard.v1 says, without generated types. Text is UTF-8.

#include "embedded-mesh/core/ids.h"
#include "embedded-mesh/core/latency_sketch.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace meshyard {

/// Calls that ended in a period, by class; see meshyard.v1.Outcomes.
struct Outcomes
{
    std::uint64_t ok = 0;
    std::uint64_t clientErrors = 0;
    std::uint64_t serverErrors = 0;
    std::uint64_t connectErrors = 0;
    std::uint64_t timeouts = 0;
    std::uint64_t rejected = 0;
    std::uint64_t limited = 0;
    std::uint64_t noEndpoint = 0;
    std::uint64_t faults = 0;
    std::uint64_t retries = 0;
    std::uint64_t cancelled = 0;

    /// All calls that ended, rejected ones included, retries apart.
    std::uint64_t finished() const;
    /// Calls that failed for the caller: everything finished but ok, client errors and cancelled.
    std::uint64_t failed() const;
    void add(const Outcomes& other);
    bool operator==(const Outcomes&) const = default;
};

enum class BreakerState : std::uint8_t { Unspecified = 0, Closed = 1, Open = 2, HalfOpen = 3 };
enum class OverrideKind : std::uint8_t { None = 0, ForcedOpen = 1, ForcedClosed = 2, Draining = 3 };
enum class Knowledge : std::uint8_t {
    Unspecified = 0,
    Known = 1,
    Inferred = 2,
    Unknown = 3,
    Stale = 4
};
enum class BreakerCause : std::uint8_t {
    Unspecified = 0,
    Consecutive = 1,
    FailureRatio = 2,
    SlowRatio = 3,
    TrialFailed = 4,
    TrialPassed = 5,
    Timer = 6,
    Operator = 7,
    OverrideExpired = 8,
    PolicyChange = 9,
};

struct BreakerMember
{
    std::string instance;
    BreakerState state = BreakerState::Unspecified;
    std::int64_t openLeftMs = 0;
    std::uint32_t windowCalls = 0;
    std::uint32_t windowFailures = 0;
    std::uint32_t trialsOk = 0;
    std::uint32_t trialsWanted = 0;

    bool operator==(const BreakerMember&) const = default;
};

/// The breaker vector of an edge over its source instances, summed up (worst state first).
struct EdgeBreaker
{
    BreakerState state = BreakerState::Unspecified;
    OverrideKind overrideKind = OverrideKind::None;
    std::string overrideId;
    std::int64_t secondsLeft = 0; // of the override, else of the open time; 0 = none
    std::uint32_t openInstances = 0;
    std::uint32_t halfOpenInstances = 0;
    std::uint32_t instances = 0;
    Knowledge known = Knowledge::Unspecified;
    bool observeOnly = false;
    bool insufficient = false;
    bool limited = false;
    bool panic = false;
    bool shared = false;
    std::uint32_t trialsIssued = 0;
    std::uint32_t trialsWanted = 0;
    std::uint32_t windowCalls = 0;
    std::uint32_t windowFailures = 0;
    std::uint32_t windowSlow = 0;
    std::uint32_t ejectedEndpoints = 0;
    std::uint32_t endpoints = 0;
    std::uint32_t limitInFlight = 0;
    std::uint32_t consecutive = 0;
    std::uint32_t drainPercent = 0;
    std::vector<BreakerMember> members;

    bool operator==(const EdgeBreaker&) const = default;
};

enum class NodeKind : std::uint8_t { Service, Gateway, External, Database, Unknown };

struct ServicePort
{
    std::string name;
    std::uint32_t port = 0;
    Protocol protocol = Protocol::Unspecified;

    bool operator==(const ServicePort&) const = default;
};

struct Service
{
    std::string ns;
    std::string name;
    std::vector<ServicePort> ports;
    std::vector<std::string> subsets;

    bool operator==(const Service&) const = default;
};

struct Node
{
    NodeKey key;
    NodeKind kind = NodeKind::Service;
    std::uint32_t instances = 0;
    std::uint32_t ready = 0;
    std::vector<std::string> localities;
    std::map<std::string, std::string> labels;
    bool captured = true; // false: outgoing calls do not pass a sidecar

    bool operator==(const Node&) const = default;
};

struct Instance
{
    std::string id;
    NodeKey node;
    std::string address;
    bool ready = false;
    std::string state;
    std::string locality;
    std::int32_t pid = 0;
    std::string knobs;

    bool operator==(const Instance&) const = default;
};

struct ProxyState
{
    std::string nodeId;
    NodeKey node;
    bool connected = false;
    bool inSync = false;
    std::uint64_t ackedRevision = 0;
    std::string nack; // the proxy's own words
    std::string kind;
    std::uint64_t rssBytes = 0;
    double cpu = 0; // share of a core
    std::string admin;
    std::int64_t lastReportMs = 0; // unix time

    bool operator==(const ProxyState&) const = default;
};

using EdgeId = std::uint32_t;

struct Edge
{
    EdgeId id = 0; // of one stream, recording or file; the key is what lasts
    EdgeKey key;
    std::vector<std::string> clusters;

    bool operator==(const Edge&) const = default;
};

/// One second of one edge.
struct EdgeSample
{
    EdgeId edge = 0;
    Outcomes outcomes;
    std::uint64_t bytesOut = 0; // request bytes
    std::uint64_t bytesIn = 0; // response bytes
    std::uint32_t inFlight = 0; // at the end of the second
    std::uint32_t connections = 0;
    std::uint32_t tlsConnections = 0;
    LatencySketch latency; // finished calls without rejected ones
    std::optional<EdgeBreaker> breaker; // only when it changed
    std::uint32_t serverP50Us = 0;
    std::uint32_t serverP99Us = 0;
    std::int64_t ageMs = 0; // > 0: the reporters have been silent that long

    bool operator==(const EdgeSample&) const = default;
};

enum class EventKind : std::uint8_t {
    Unspecified = 0,
    Breaker = 1,
    Revision = 2,
    Override = 3,
    Nack = 4,
    Instance = 5,
    Alert = 6,
};

struct BreakerTransition
{
    std::string cluster;
    BreakerState from = BreakerState::Unspecified;
    BreakerState to = BreakerState::Unspecified;
    BreakerCause cause = BreakerCause::Unspecified;
    double observed = 0;
    double threshold = 0;
    std::uint32_t calls = 0;
    std::int64_t unixUs = 0;
    std::uint64_t policyRevision = 0;
    std::string operatorName;
    OverrideKind overrideKind = OverrideKind::None;
    std::uint64_t generation = 0;

    bool operator==(const BreakerTransition&) const = default;
};

struct Event
{
    std::uint64_t id = 0; // ascending
    std::int64_t unixMs = 0;
    EventKind kind = EventKind::Unspecified;
    std::optional<EdgeKey> edge;
    std::optional<NodeKey> node;
    std::string instance;
    std::optional<BreakerTransition> transition;
    std::uint64_t revision = 0;
    std::string actor;
    std::string text;

    bool operator==(const Event&) const = default;
};

/// Which edge an override or a reset means; empty source fields mean any caller.
struct EdgeSelector
{
    std::string sourceNamespace;
    std::string sourceService;
    std::string sourceVersion;
    std::string destinationNamespace;
    std::string destinationService;
    std::string subset;
    std::string destinationVersion;

    bool operator==(const EdgeSelector&) const = default;
};

struct ActiveOverride
{
    std::string id;
    EdgeSelector edge;
    OverrideKind kind = OverrideKind::None;
    std::uint32_t drainPercent = 0;
    std::int64_t deadlineMs = 0; // unix time
    std::string reason;
    std::string operatorName;
    std::int64_t setMs = 0; // unix time
    bool untilReleased = false;

    bool operator==(const ActiveOverride&) const = default;
};

struct MeshInfo
{
    std::string id;
    std::string name;
    std::uint64_t revision = 0;
    std::uint64_t appliedRevision = 0;
    std::uint32_t proxies = 0;
    std::uint32_t proxiesInSync = 0;
    std::vector<std::string> problems;
    bool demo = false;
    std::int64_t startedMs = 0; // unix time
    std::string gatewayAddress;
    bool canUndo = false;
    bool canRedo = false;
    std::uint32_t workloadsWanted = 0;
    std::uint32_t workloadsReady = 0;

    bool operator==(const MeshInfo&) const = default;
};

/// One step of a mesh: wire frame, snapshot file and seek result. A full frame is the whole state;
/// otherwise only what is new, changed or removed. Always a complete set (chunks are joined below).
struct MeshFrame
{
    std::int64_t unixMs = 0; // end of the second it closes
    bool full = false;
    bool closesSecond = false; // false: events or descriptors between two seconds
    std::optional<MeshInfo> mesh;
    std::vector<Service> services;
    std::vector<Node> nodes;
    std::vector<Edge> edges;
    std::vector<EdgeSample> samples;
    /// In full frames of another time (a seek, a file): the seconds before this one, oldest first;
    /// they replace the minute the model kept. Never in live frames.
    std::optional<std::vector<std::vector<EdgeSample>>> before;
    std::vector<Instance> instances;
    std::vector<ProxyState> proxies;
    std::vector<Event> events;
    std::optional<std::vector<ActiveOverride>> overrides;
    std::vector<EdgeId> removedEdges;
    std::vector<NodeKey> removedNodes;
    std::vector<std::string> removedServices; // ns/name
    std::vector<std::string> removedInstances;
};

using MeshFramePtr = std::shared_ptr<const MeshFrame>;

} // namespace meshyard
