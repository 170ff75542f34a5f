// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/config_snapshot.h"

namespace meshyard::proxy {

/// Puts the TLS contexts into a snapshot: settings and secrets become contexts, which stay the same
/// objects as long as neither changes. What still lacks a secret is left out, or stays as it was.
///
/// Thread: the configuration thread.
class TlsResolver final
{
public:
    /// @param warnings gets why a context could not be made of new secrets.
    void resolve(
        ConfigSnapshot& snapshot, const SecretTable& secrets, std::vector<std::string>& warnings);

    /// Names to ask the control plane for; those of files are none of its business.
    static std::set<std::string> secretNames(const ListenerSpec& listener);
    static std::set<std::string> secretNames(const ClusterSpec& cluster);
    static std::vector<FileSecret> fileSecrets(const ConfigSnapshot& snapshot);

private:
    struct Context
    {
        std::vector<std::shared_ptr<const Secret>> secrets; // made of these
        std::shared_ptr<const net::TlsContext> context;
    };
    template <typename Spec> struct Resolved
    {
        std::shared_ptr<const Spec> from;
        std::vector<std::shared_ptr<const net::TlsContext>> contexts;
        std::shared_ptr<const Spec> spec;
    };
    using Contexts = std::map<std::shared_ptr<const TlsSettings>, Context>;

    std::shared_ptr<const net::TlsContext> contextOf(
        const std::shared_ptr<const TlsSettings>& settings);
    template <typename Spec>
    std::shared_ptr<const Spec> resolveSpec(
        Resolved<Spec>& entry, const std::shared_ptr<const Spec>& spec);

    std::map<std::string, Resolved<ListenerSpec>> m_listeners;
    std::map<std::string, Resolved<ClusterSpec>> m_clusters;
    Contexts m_contexts;
    Contexts m_used; // of this round
    const SecretTable* m_secrets = nullptr; // during resolve()
    std::vector<std::string>* m_warnings = nullptr;
};

} // namespace meshyard::proxy
