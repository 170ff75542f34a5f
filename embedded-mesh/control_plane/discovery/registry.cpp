// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/discovery/registry.h"

#include "embedded-mesh/config/effective.h"
#include "embedded-mesh/control_plane/translate/host_names.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <set>

namespace meshyard::control_plane {
namespace {

using namespace std::chrono_literals;

constexpr Duration kRememberDeparted = 60s;
constexpr std::uint32_t kLastServiceSlot = 1023;
constexpr std::uint32_t kLastInstanceSlot = 255;

std::string serviceKey(const v1::InstanceSpec& spec)
{
    return spec.namespace_() + "/" + spec.service();
}

/// Instances that other services can call by name.
bool isServer(const v1::InstanceSpec& spec)
{
    return !spec.gateway() && spec.ports_size() > 0;
}

} // namespace

Protocol protocolOf(const std::string& name)
{
    if (name == "http2")
        return Protocol::Http2;
    if (name == "grpc")
        return Protocol::Grpc;
    if (name == "tcp" || name == "tls" || name == "mongo")
        return Protocol::Tcp;
    return Protocol::Http1;
}

Registry::Registry(const Clock& clock)
    : m_clock(clock)
{
}

void Registry::setWorkloads(std::vector<WorkloadPlan> plans)
{
    const std::scoped_lock lock(m_mutex);
    m_plans.clear();
    for (WorkloadPlan& plan : plans) {
        std::string key = plan.key();
        m_plans.insert_or_assign(std::move(key), std::move(plan));
    }
}

Result<Registry::SessionId> Registry::attach(const v1::SupervisorHello& hello)
{
    const std::scoped_lock lock(m_mutex);
    const bool foreground = hello.has_foreground();
    if (!foreground) {
        // A supervisor that lost its stream comes back before we noticed: the newest counts.
        std::erase_if(m_sessions, [](const auto& entry) { return !entry.second.foreground; });
    }
    const SessionId session = m_nextSession++;
    m_sessions[session] = {hello, foreground};
    for (auto& [id, entry] : m_entries) {
        if (foreground || entry.workload.empty())
            continue;
        entry.session = session;
        entry.captureBase = hello.capture_base();
    }
    if (foreground)
        addForeground(session, hello.foreground());
    return session;
}

void Registry::addForeground(SessionId session, const v1::InstanceSpec& wanted)
{
    Entry entry;
    entry.session = session;
    entry.captureBase = m_sessions.at(session).hello.capture_base();
    entry.spec = wanted;
    if (!wanted.version().empty())
        (*entry.spec.mutable_labels())["version"] = wanted.version();
    entry.spec.mutable_labels()->insert({"app", wanted.service()});
    const std::string name
        = wanted.version().empty() ? wanted.service() : wanted.service() + "-" + wanted.version();
    std::uint32_t replica = 0;
    while (m_entries.contains(instanceId(wanted.namespace_(), name, replica)))
        ++replica;
    entry.spec.set_id(instanceId(wanted.namespace_(), name, replica));
    entry.spec.set_slot(0); // a block of its own
    m_entries[entry.spec.id()] = std::move(entry);
}

void Registry::learnSlots(const v1::InstanceSpec& spec)
{
    for (const v1::HostsEntry& entry : spec.hosts()) {
        in_addr address{};
        if (inet_pton(AF_INET, entry.address().c_str(), &address) != 1)
            continue;
        for (const std::string& name : entry.names()) {
            if (!name.ends_with(".mesh"))
                continue;
            const config::HostTarget target = config::resolveHost(name, spec.namespace_());
            m_serviceSlots.insert(
                {target.ns + "/" + target.service, ntohl(address.s_addr) & kLastServiceSlot});
        }
    }
}

void Registry::adopt(SessionId session, const v1::InstanceStatus& status)
{
    learnSlots(status.spec());
    Entry entry;
    entry.session = session;
    entry.captureBase = m_sessions.at(session).hello.capture_base();
    entry.spec = status.spec();
    const bool foreground = m_sessions.at(session).foreground;
    for (const auto& [key, plan] : m_plans) {
        const std::string prefix = instanceId(plan.ns, plan.name, 0);
        const std::string stem = prefix.substr(0, prefix.size() - 1);
        const std::string& id = status.id();
        if (!foreground && id.starts_with(stem) && id.find('-', stem.size()) == std::string::npos)
            entry.workload = key;
    }
    entry.retiring = !foreground && entry.workload.empty();
    m_entries[status.id()] = std::move(entry);
}

void Registry::report(SessionId session, const v1::SupervisorReport& report)
{
    const std::scoped_lock lock(m_mutex);
    if (!m_sessions.contains(session))
        return;
    std::set<std::string> seen;
    for (const v1::InstanceStatus& status : report.instances()) {
        seen.insert(status.id());
        if (!m_entries.contains(status.id()))
            adopt(session, status);
        Entry& entry = m_entries[status.id()];
        entry.status = status;
        entry.reported = true;
    }
    std::vector<std::string> gone;
    for (const auto& [id, entry] : m_entries) {
        if (entry.session == session && entry.reported && !seen.contains(id))
            gone.push_back(id);
    }
    for (const std::string& id : gone)
        removeEntry(id);
}

void Registry::removeEntry(const std::string& id)
{
    const auto entry = m_entries.find(id);
    if (entry == m_entries.end())
        return;
    const v1::InstanceSpec& spec = entry->second.spec;
    m_departed[id] = {
        nodeOf(spec), {spec.labels().begin(), spec.labels().end()}, spec.gateway(), m_clock.now()};
    m_entries.erase(entry);
}

void Registry::detach(SessionId session)
{
    const std::scoped_lock lock(m_mutex);
    const auto found = m_sessions.find(session);
    if (found == m_sessions.end())
        return;
    const bool foreground = found->second.foreground;
    m_sessions.erase(found);
    if (!foreground)
        return;
    std::vector<std::string> gone;
    for (const auto& [id, entry] : m_entries) {
        if (entry.session == session)
            gone.push_back(id);
    }
    for (const std::string& id : gone)
        removeEntry(id);
}

std::optional<Registry::SessionId> Registry::embedded() const
{
    const std::scoped_lock lock(m_mutex);
    for (const auto& [id, session] : m_sessions) {
        if (!session.foreground)
            return id;
    }
    return std::nullopt;
}

std::uint32_t Registry::freeSlot(SessionId session) const
{
    std::set<std::uint32_t> used;
    for (const auto& [id, entry] : m_entries) {
        if (entry.session == session)
            used.insert(entry.spec.slot());
    }
    std::uint32_t slot = 0;
    while (used.contains(slot) && slot < kLastInstanceSlot)
        ++slot;
    return slot;
}

void Registry::addInstance(const WorkloadPlan& plan, SessionId session)
{
    std::uint32_t replica = 0;
    while (m_entries.contains(instanceId(plan.ns, plan.name, replica)))
        ++replica;
    Entry entry;
    entry.session = session;
    entry.captureBase = m_sessions.at(session).hello.capture_base();
    entry.workload = plan.key();
    entry.spec = plan.spec;
    entry.spec.set_id(instanceId(plan.ns, plan.name, replica));
    entry.spec.set_slot(freeSlot(session));
    m_entries[entry.spec.id()] = std::move(entry);
}

void Registry::reconcileWorkload(const WorkloadPlan& plan, SessionId session)
{
    std::vector<Entry*> current;
    std::vector<Entry*> outdated;
    for (auto& [id, entry] : m_entries) {
        if (entry.workload != plan.key() || entry.status.state() == "stopping")
            continue;
        const bool same = entry.spec.spec_hash() == plan.spec.spec_hash();
        (same ? current : outdated).push_back(&entry);
    }
    std::uint32_t ready = 0;
    for (std::size_t i = 0; i < current.size(); ++i) {
        current[i]->retiring = i >= plan.replicas;
        ready += !current[i]->retiring && isReady(*current[i]) ? 1U : 0U;
    }
    std::size_t missing = plan.replicas - std::min<std::size_t>(plan.replicas, current.size());
    if (plan.inPlace) { // a fixed port cannot be held twice: the same place, the old one first
        for (Entry* entry : outdated) {
            entry->retiring = missing == 0;
            if (missing == 0)
                continue;
            v1::InstanceSpec next = plan.spec;
            next.set_id(entry->spec.id());
            next.set_slot(entry->spec.slot());
            entry->spec = std::move(next);
            --missing;
        }
        outdated.clear();
    }
    for (std::size_t i = 0; i < missing; ++i)
        addInstance(plan, session);
    for (Entry* entry : outdated)
        entry->retiring = ready >= plan.replicas; // old ones go once the new ones serve
}

std::uint32_t Registry::serviceSlot(const std::string& key)
{
    if (const auto known = m_serviceSlots.find(key); known != m_serviceSlots.end())
        return known->second;
    std::set<std::uint32_t> used;
    for (const auto& [name, slot] : m_serviceSlots)
        used.insert(slot);
    for (std::uint32_t slot = 1; slot <= kLastServiceSlot; ++slot) {
        if (!used.contains(slot)) {
            m_serviceSlots[key] = slot;
            return slot;
        }
    }
    spdlog::warn("service {} has no capture address: all {} are taken", key, kLastServiceSlot);
    return 0;
}

void Registry::fillHosts(Entry& entry)
{
    entry.spec.clear_hosts();
    const std::string& base = entry.captureBase;
    if (base.empty() || !entry.spec.sidecar() || entry.spec.gateway())
        return;
    for (const ServiceView& service : servicesLocked()) {
        if (service.slot == 0)
            continue;
        v1::HostsEntry& hosts = *entry.spec.add_hosts();
        hosts.set_address(captureAddress(base, entry.spec.slot(), service.slot));
        for (const std::string& name : hostNames(service.name, service.ns, entry.spec.namespace_()))
            hosts.add_names(name);
    }
}

void Registry::reconcile()
{
    const std::scoped_lock lock(m_mutex);
    forgetDeparted();
    SessionId session = 0;
    for (const auto& [id, candidate] : m_sessions) {
        if (!candidate.foreground)
            session = id;
    }
    for (auto& [id, entry] : m_entries)
        entry.retiring = entry.retiring || m_stopping
            || (!entry.workload.empty() && !m_plans.contains(entry.workload));
    if (session != 0 && !m_stopping) {
        for (const auto& [key, plan] : m_plans)
            reconcileWorkload(plan, session);
    }
    std::erase_if(m_entries,
        [](const auto& entry) { return entry.second.retiring && !entry.second.reported; });
    for (auto& [id, entry] : m_entries) {
        if (isServer(entry.spec))
            serviceSlot(serviceKey(entry.spec));
    }
    for (auto& [id, entry] : m_entries)
        fillHosts(entry);
}

v1::SupervisorOrder Registry::order(SessionId session) const
{
    const std::scoped_lock lock(m_mutex);
    v1::SupervisorOrder order;
    order.set_stop_all(m_stopping);
    for (const auto& [id, entry] : m_entries) {
        if (entry.session == session && !entry.retiring && mayStart(entry))
            *order.add_desired() = entry.spec;
    }
    return order;
}

// A program outside the mesh calls into it: the first time it waits until what it may call has
// started, or its first calls would open breakers on services that are only coming up.
bool Registry::mayStart(const Entry& entry) const
{
    if (entry.spec.sidecar() || entry.spec.gateway() || entry.reported)
        return true;
    return std::none_of(m_entries.begin(), m_entries.end(), [&](const auto& other) {
        const auto& [id, candidate] = other;
        const std::string& state = candidate.status.state();
        return candidate.session == entry.session && candidate.spec.sidecar()
            && candidate.spec.namespace_() == entry.spec.namespace_()
            && (state.empty() || state == "starting");
    });
}

std::vector<Registry::SessionId> Registry::sessions() const
{
    const std::scoped_lock lock(m_mutex);
    std::vector<SessionId> ids;
    for (const auto& [id, session] : m_sessions)
        ids.push_back(id);
    return ids;
}

void Registry::stopAll()
{
    const std::scoped_lock lock(m_mutex);
    m_stopping = true;
}

bool Registry::isStopping() const
{
    const std::scoped_lock lock(m_mutex);
    return m_stopping;
}

bool Registry::isStopped() const
{
    const std::scoped_lock lock(m_mutex);
    return std::none_of(m_entries.begin(), m_entries.end(),
        [](const auto& entry) { return entry.second.reported; });
}

void Registry::forgetDeparted()
{
    const TimePoint now = m_clock.now();
    std::erase_if(
        m_departed, [now](const auto& entry) { return now - entry.second.at > kRememberDeparted; });
}

} // namespace meshyard::control_plane
