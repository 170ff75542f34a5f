// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/tls/tls_resolver.h"

namespace meshyard::proxy {

namespace {

using SettingsPointer = std::shared_ptr<const TlsSettings>;
using ContextPointer = std::shared_ptr<const net::TlsContext>;

std::vector<SettingsPointer> settingsOf(const ListenerSpec& listener)
{
    std::vector<SettingsPointer> all;
    for (const auto& chain : listener.chains) {
        if (chain->tlsSettings)
            all.push_back(chain->tlsSettings);
    }
    if (listener.defaultChain && listener.defaultChain->tlsSettings)
        all.push_back(listener.defaultChain->tlsSettings);
    return all;
}

std::vector<SettingsPointer> settingsOf(const ClusterSpec& cluster)
{
    std::vector<SettingsPointer> all;
    cluster.transport.forEach([&](const UpstreamTransport::Choice& choice) {
        if (choice.settings)
            all.push_back(choice.settings);
    });
    return all;
}

/// A copy with the contexts, in the order of settingsOf().
std::shared_ptr<const ListenerSpec> withContexts(
    const ListenerSpec& listener, std::vector<ContextPointer>::const_iterator context)
{
    auto copy = std::make_shared<ListenerSpec>(listener);
    const auto fill = [&](std::shared_ptr<const FilterChainSpec>& chain) {
        if (!chain || !chain->tlsSettings)
            return;
        auto filled = std::make_shared<FilterChainSpec>(*chain);
        filled->tls = *context++;
        chain = std::move(filled);
    };
    for (auto& chain : copy->chains)
        fill(chain);
    fill(copy->defaultChain);
    return copy;
}

std::shared_ptr<const ClusterSpec> withContexts(
    const ClusterSpec& cluster, std::vector<ContextPointer>::const_iterator context)
{
    auto copy = std::make_shared<ClusterSpec>(cluster);
    for (auto& choice : copy->transport.matches)
        choice.tls = choice.settings ? *context++ : nullptr;
    if (copy->transport.otherwise.settings)
        copy->transport.otherwise.tls = *context;
    return copy;
}

template <typename Spec> std::set<std::string> namesOf(const Spec& spec)
{
    std::set<std::string> names;
    for (const SettingsPointer& settings : settingsOf(spec)) {
        for (std::string& name : settings->secretNames())
            names.insert(std::move(name));
        for (const FileSecret& file : settings->files)
            names.erase(file.key);
    }
    return names;
}

} // namespace

std::set<std::string> TlsResolver::secretNames(const ListenerSpec& listener)
{
    return namesOf(listener);
}

std::set<std::string> TlsResolver::secretNames(const ClusterSpec& cluster)
{
    return namesOf(cluster);
}

std::vector<FileSecret> TlsResolver::fileSecrets(const ConfigSnapshot& snapshot)
{
    std::vector<FileSecret> files;
    const auto addAll = [&](const auto& spec) {
        for (const SettingsPointer& settings : settingsOf(spec))
            files.insert(files.end(), settings->files.begin(), settings->files.end());
    };
    for (const auto& [name, listener] : snapshot.listeners)
        addAll(*listener);
    for (const auto& [name, config] : snapshot.clusters)
        addAll(*config.spec);
    return files;
}

std::shared_ptr<const net::TlsContext> TlsResolver::contextOf(const SettingsPointer& settings)
{
    Context made;
    for (const std::string& name : settings->secretNames()) {
        const auto found = m_secrets->find(name);
        made.secrets.push_back(found == m_secrets->end() ? nullptr : found->second);
    }
    if (const auto used = m_used.find(settings); used != m_used.end())
        return used->second.context;
    const auto known = m_contexts.find(settings);
    if (known != m_contexts.end() && known->second.secrets == made.secrets)
        return m_used.emplace(settings, known->second).first->second.context;
    if (settings->isReady(*m_secrets)) {
        if (auto context = settings->build(*m_secrets))
            made.context = std::move(*context);
        else
            m_warnings->push_back("new secrets are not taken: " + context.error().message);
    }
    if (made.context == nullptr && known != m_contexts.end())
        made.context = known->second.context; // the one that works stays in force
    return m_used.emplace(settings, std::move(made)).first->second.context;
}

/// @return nullptr = nothing can be in force yet.
template <typename Spec>
std::shared_ptr<const Spec> TlsResolver::resolveSpec(
    Resolved<Spec>& entry, const std::shared_ptr<const Spec>& spec)
{
    std::vector<ContextPointer> contexts;
    for (const SettingsPointer& settings : settingsOf(*spec)) {
        contexts.push_back(contextOf(settings));
        if (contexts.back() == nullptr)
            return entry.spec; // the predecessor goes on while this one warms
    }
    if (entry.from != spec || entry.contexts != contexts) {
        entry.spec = contexts.empty() ? spec : withContexts(*spec, contexts.begin());
        entry.from = spec;
        entry.contexts = std::move(contexts);
    }
    return entry.spec;
}

void TlsResolver::resolve(
    ConfigSnapshot& snapshot, const SecretTable& secrets, std::vector<std::string>& warnings)
{
    m_secrets = &secrets;
    m_warnings = &warnings;
    m_used.clear();
    std::erase_if(
        m_listeners, [&](const auto& entry) { return !snapshot.listeners.contains(entry.first); });
    std::erase_if(
        m_clusters, [&](const auto& entry) { return !snapshot.clusters.contains(entry.first); });
    for (auto& [name, spec] : snapshot.listeners)
        spec = resolveSpec(m_listeners[name], spec);
    for (auto& [name, config] : snapshot.clusters)
        config.spec = resolveSpec(m_clusters[name], config.spec);
    std::erase_if(snapshot.listeners, [](const auto& entry) { return entry.second == nullptr; });
    std::erase_if(
        snapshot.clusters, [](const auto& entry) { return entry.second.spec == nullptr; });
    m_contexts = std::move(m_used);
    m_used.clear();
}

} // namespace meshyard::proxy
