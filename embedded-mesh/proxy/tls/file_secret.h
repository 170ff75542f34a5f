// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/tls/secret.h"

namespace meshyard::proxy {

/// A secret whose files are watched: an SDS file (path_config_source), or a certificate or
/// validation context with a watched_directory.
struct FileSecret
{
    enum class Kind : std::uint8_t { SdsFile, Certificate, Validation };

    std::string key; // in the SecretTable
    Kind kind = Kind::SdsFile;
    std::string name; // SDS file: which of its resources
    std::string source; // SDS file: its path; else the message, serialised

    static FileSecret fromSds(const std::string& path, const std::string& name);
    static FileSecret from(
        const envoy::extensions::transport_sockets::tls::v3::TlsCertificate& proto);
    static FileSecret from(
        const envoy::extensions::transport_sockets::tls::v3::CertificateValidationContext& proto);

    /// @param files gets what it was, or was to be, read from.
    Result<std::shared_ptr<const Secret>> load(std::vector<std::string>& files) const;
};

/// Whether a file of it is to be watched.
bool watchesFiles(const google::protobuf::Message& message);

/// The secrets of watched files as they are now.
///
/// Thread: the owner's.
class FileSecrets final
{
public:
    /// Loads what is new. @param warnings gets what can't be loaded.
    void add(const std::vector<FileSecret>& secrets, std::vector<std::string>& warnings);
    /// Looks whether files changed, and takes what they hold now; what is half written or wrong is
    /// left for the next look, the old one staying in force. @return whether a secret changed.
    bool refresh(std::vector<std::string>& warnings);
    void copyInto(SecretTable& table) const;
    bool isEmpty() const { return m_entries.empty(); }

private:
    struct Entry
    {
        FileSecret source;
        std::shared_ptr<const Secret> secret; // nullptr = could never be loaded yet
        std::vector<std::string> files;
        std::string stamp; // of the files when they were read
    };

    static bool load(Entry& entry, std::vector<std::string>& warnings);

    std::map<std::string, Entry> m_entries;
};

} // namespace meshyard::proxy
