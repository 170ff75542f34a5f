// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

// The values of the model as bytes, both ways from one list of fields. Fields are only ever added
// at the end of a type, together with a new schema version.

#include "client/history/byte_codec.h"
#include "client/model/mesh_types.h"

#include <concepts>
#include <type_traits>

namespace meshyard::history {

template <typename V, typename T>
concept Is = std::same_as<std::remove_const_t<V>, T>;

template <typename T>
concept Number = std::is_integral_v<T> || std::is_enum_v<T>;

class OutArchive final
{
public:
    template <typename... T> void operator()(const T&... values) { (one(values), ...); }
    std::string take() { return m_writer.take(); }

private:
    template <typename T> void one(const T& value)
    {
        if constexpr (Number<T>)
            m_writer.difference(static_cast<std::int64_t>(value));
        else if constexpr (std::is_floating_point_v<T>)
            m_writer.real(value);
        else
            io(*this, value);
    }
    void one(const std::string& value) { m_writer.text(value); }
    template <typename T> void one(const std::optional<T>& value)
    {
        m_writer.number(value ? 1 : 0);
        if (value)
            one(*value);
    }
    template <typename T> void one(const std::vector<T>& values)
    {
        m_writer.number(values.size());
        for (const T& value : values)
            one(value);
    }
    void one(const std::map<std::string, std::string>& values)
    {
        m_writer.number(values.size());
        for (const auto& [name, value] : values) {
            m_writer.text(name);
            m_writer.text(value);
        }
    }

    ByteWriter m_writer;
};

class InArchive final
{
public:
    explicit InArchive(std::string_view bytes)
        : m_reader(bytes)
    {
    }
    template <typename... T> void operator()(T&... values) { (one(values), ...); }
    bool failed() const { return m_reader.failed(); }

private:
    template <typename T> void one(T& value)
    {
        if constexpr (Number<T>)
            value = static_cast<T>(m_reader.difference());
        else if constexpr (std::is_floating_point_v<T>)
            value = m_reader.real();
        else
            io(*this, value);
    }
    void one(std::string& value) { value = m_reader.text(); }
    template <typename T> void one(std::optional<T>& value)
    {
        value.reset();
        if (m_reader.number() != 0)
            one(value.emplace());
    }
    template <typename T> void one(std::vector<T>& values)
    {
        values.clear();
        for (std::uint64_t left = count(); left > 0 && !m_reader.failed(); --left)
            one(values.emplace_back());
    }
    void one(std::map<std::string, std::string>& values)
    {
        values.clear();
        for (std::uint64_t left = count(); left > 0 && !m_reader.failed(); --left) {
            const std::string name(m_reader.text());
            values[name] = m_reader.text();
        }
    }
    /// Every element takes a byte at least, so a count beyond that is nonsense.
    std::uint64_t count()
    {
        const std::uint64_t value = m_reader.number();
        return value > m_reader.remaining() ? m_reader.fail() : value;
    }

    ByteReader m_reader;
};

template <typename A, Is<NodeKey> V> void io(A& a, V& v)
{
    a(v.ns, v.service, v.version);
}
template <typename A, Is<EdgeKey> V> void io(A& a, V& v)
{
    a(v.source, v.destination, v.subset, v.protocol);
}
template <typename A, Is<ServicePort> V> void io(A& a, V& v)
{
    a(v.name, v.port, v.protocol);
}
template <typename A, Is<Service> V> void io(A& a, V& v)
{
    a(v.ns, v.name, v.ports, v.subsets);
}
template <typename A, Is<Node> V> void io(A& a, V& v)
{
    a(v.key, v.kind, v.instances, v.ready, v.localities, v.labels, v.captured);
}
template <typename A, Is<Instance> V> void io(A& a, V& v)
{
    a(v.id, v.node, v.address, v.ready, v.state, v.locality, v.pid, v.knobs);
}
template <typename A, Is<ProxyState> V> void io(A& a, V& v)
{
    a(v.nodeId, v.node, v.connected, v.inSync, v.ackedRevision, v.nack, v.kind, v.rssBytes, v.cpu,
        v.admin, v.lastReportMs);
}
template <typename A, Is<Edge> V> void io(A& a, V& v)
{
    a(v.id, v.key, v.clusters);
}
template <typename A, Is<BreakerMember> V> void io(A& a, V& v)
{
    a(v.instance, v.state, v.openLeftMs, v.windowCalls, v.windowFailures, v.trialsOk,
        v.trialsWanted);
}
template <typename A, Is<EdgeBreaker> V> void io(A& a, V& v)
{
    a(v.state, v.overrideKind, v.overrideId, v.secondsLeft, v.openInstances, v.halfOpenInstances,
        v.instances, v.known, v.observeOnly, v.insufficient, v.limited, v.panic, v.shared,
        v.trialsIssued, v.trialsWanted, v.windowCalls, v.windowFailures, v.windowSlow,
        v.ejectedEndpoints, v.endpoints, v.limitInFlight, v.consecutive, v.drainPercent, v.members);
}
template <typename A, Is<BreakerTransition> V> void io(A& a, V& v)
{
    a(v.cluster, v.from, v.to, v.cause, v.observed, v.threshold, v.calls, v.unixUs,
        v.policyRevision, v.operatorName, v.overrideKind, v.generation);
}
template <typename A, Is<Event> V> void io(A& a, V& v)
{
    a(v.id, v.unixMs, v.kind, v.edge, v.node, v.instance, v.transition, v.revision, v.actor,
        v.text);
}
template <typename A, Is<EdgeSelector> V> void io(A& a, V& v)
{
    a(v.sourceNamespace, v.sourceService, v.sourceVersion, v.destinationNamespace,
        v.destinationService, v.subset, v.destinationVersion);
}
template <typename A, Is<ActiveOverride> V> void io(A& a, V& v)
{
    a(v.id, v.edge, v.kind, v.drainPercent, v.deadlineMs, v.reason, v.operatorName, v.setMs,
        v.untilReleased);
}
template <typename A, Is<MeshInfo> V> void io(A& a, V& v)
{
    a(v.id, v.name, v.revision, v.appliedRevision, v.proxies, v.proxiesInSync, v.problems, v.demo,
        v.startedMs, v.gatewayAddress, v.canUndo, v.canRedo, v.workloadsWanted, v.workloadsReady);
}

} // namespace meshyard::history
