// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/tls/file_secret.h"

#include "embedded-mesh/document/load_yaml.h"
#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "envoy/service/discovery/v3/discovery.pb.h"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace meshyard::proxy {

namespace {

namespace tls = envoy::extensions::transport_sockets::tls::v3;
using envoy::config::core::v3::DataSource;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

template <typename Visit> void forEachSource(const Message& message, Visit&& visit)
{
    if (const auto* const source = dynamic_cast<const DataSource*>(&message))
        return visit(*source);
    const auto* const reflection = message.GetReflection();
    std::vector<const FieldDescriptor*> fields;
    reflection->ListFields(message, &fields);
    for (const FieldDescriptor* field : fields) {
        if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated())
            forEachSource(reflection->GetMessage(message, field), visit);
    }
}

void addFiles(const Message& message, std::vector<std::string>& files)
{
    forEachSource(message, [&](const DataSource& source) {
        if (source.has_filename())
            files.push_back(source.filename());
    });
}

std::string stampOf(const std::vector<std::string>& files)
{
    std::string stamp;
    for (const std::string& file : files) {
        struct stat status = {};
        if (::stat(file.c_str(), &status) == 0) {
            stamp += std::to_string(status.st_ino) + '.' + std::to_string(status.st_size) + '.'
                + std::to_string(status.st_mtim.tv_sec) + '.'
                + std::to_string(status.st_mtim.tv_nsec);
        }
        stamp += '\n';
    }
    return stamp;
}

Result<tls::Secret> findInFile(const std::string& path, const std::string& name)
{
    std::ifstream file(path);
    if (!file)
        return failure(ErrorCode::NotFound, "cannot read " + path + ": " + std::strerror(errno));
    std::ostringstream text;
    text << file.rdbuf();
    envoy::service::discovery::v3::DiscoveryResponse response;
    if (auto loaded = document::loadYaml(text.str(), response, path); !loaded)
        return tl::unexpected(loaded.error());
    for (const auto& any : response.resources()) {
        tls::Secret secret;
        if (any.UnpackTo(&secret) && secret.name() == name)
            return secret;
    }
    return failure(ErrorCode::NotFound, path + ": there is no secret '" + name + "'");
}

template <typename Proto>
FileSecret watched(FileSecret::Kind kind, const char* prefix, const Proto& proto)
{
    FileSecret secret;
    secret.kind = kind;
    secret.source = proto.SerializeAsString();
    // No name of a control plane's begins like this, and nothing of the content shows.
    secret.key = prefix + std::to_string(std::hash<std::string>()(secret.source));
    return secret;
}

} // namespace

bool watchesFiles(const Message& message)
{
    bool found = false;
    forEachSource(message, [&](const DataSource& source) {
        found = found || (source.has_filename() && source.has_watched_directory());
    });
    return found;
}

FileSecret FileSecret::fromSds(const std::string& path, const std::string& name)
{
    return {"\nsds:" + path + '#' + name, Kind::SdsFile, name, path};
}

FileSecret FileSecret::from(const tls::TlsCertificate& proto)
{
    return watched(Kind::Certificate, "\ncertificate:", proto);
}

FileSecret FileSecret::from(const tls::CertificateValidationContext& proto)
{
    return watched(Kind::Validation, "\nvalidation:", proto);
}

Result<std::shared_ptr<const Secret>> FileSecret::load(std::vector<std::string>& files) const
{
    files.clear();
    tls::Secret proto;
    if (kind == Kind::SdsFile) {
        files.push_back(source);
        auto found = findInFile(source, name);
        if (!found)
            return tl::unexpected(found.error());
        proto = std::move(*found);
    } else if (kind == Kind::Certificate) {
        proto.mutable_tls_certificate()->ParseFromString(source);
    } else {
        proto.mutable_validation_context()->ParseFromString(source);
    }
    addFiles(proto, files);
    return Secret::compile(proto);
}

bool FileSecrets::load(Entry& entry, std::vector<std::string>& warnings)
{
    const std::vector<std::string> before = entry.files;
    entry.stamp
        = stampOf(before); // before reading: what changes meanwhile is seen at the next look
    auto loaded = entry.source.load(entry.files);
    if (entry.files != before)
        entry.stamp = stampOf(entry.files);
    if (!loaded) {
        warnings.push_back("files of a secret are not taken: " + loaded.error().message);
        return false;
    }
    entry.secret = std::move(*loaded);
    return true;
}

void FileSecrets::add(const std::vector<FileSecret>& secrets, std::vector<std::string>& warnings)
{
    for (const FileSecret& secret : secrets) {
        auto [entry, isNew] = m_entries.try_emplace(secret.key);
        if (!isNew)
            continue;
        entry->second.source = secret;
        load(entry->second, warnings);
    }
}

bool FileSecrets::refresh(std::vector<std::string>& warnings)
{
    bool changed = false;
    for (auto& [key, entry] : m_entries) {
        if (stampOf(entry.files) != entry.stamp)
            changed = load(entry, warnings) || changed;
    }
    return changed;
}

void FileSecrets::copyInto(SecretTable& table) const
{
    for (const auto& [key, entry] : m_entries) {
        if (entry.secret != nullptr)
            table[key] = entry.secret;
    }
}

} // namespace meshyard::proxy
