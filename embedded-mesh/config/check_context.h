// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/config/config_index.h"
#include "embedded-mesh/config/resource.h"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

namespace google::protobuf {
class Duration;
} // namespace google::protobuf

namespace meshyard::config {

/// What one check of one document works with. Internal to the room.
struct CheckContext
{
    const ConfigIndex& index;
    const Resource& resource;
    std::vector<Diagnostic>& out;

    const std::string& ns() const { return resource.id.ns; }

    void error(const char* code, const std::string& field, std::string message) const
    {
        add(Severity::Error, code, field, std::move(message));
    }
    void warning(const char* code, const std::string& field, std::string message) const
    {
        add(Severity::Warning, code, field, std::move(message));
    }
    void info(const char* code, const std::string& field, std::string message) const
    {
        add(Severity::Info, code, field, std::move(message));
    }

    /// MY0401 unless low <= value <= high.
    void wantRange(const std::string& field, double value, double low, double high) const;
    /// MY0402 unless the duration lies between the two.
    void wantDuration(const std::string& field, const google::protobuf::Duration& value,
        std::chrono::nanoseconds low, std::chrono::nanoseconds high) const;
    void wantPort(const std::string& field, std::uint32_t port) const;
    /// MY0115: a field without which the document means nothing. Silent on a document with errors
    /// of shape: the field may be there, misspelled.
    void missing(const std::string& field, std::string cure) const
    {
        if (!resource.broken)
            error("MY0115", field, std::move(cure));
    }

private:
    void add(
        Severity severity, const char* code, const std::string& field, std::string message) const
    {
        out.push_back(diagnosticAt(resource, field, severity, code, std::move(message)));
    }
};

std::chrono::nanoseconds toNanos(const google::protobuf::Duration& duration);
std::string at(const std::string& list, int index);
std::string labelsText(const std::map<std::string, std::string>& labels);

// One document each; nothing happens for other kinds.
void checkVirtualService(const CheckContext& context);
void checkDestinationRule(const CheckContext& context);
void checkGateway(const CheckContext& context);
void checkServiceEntry(const CheckContext& context);
void checkCircuitBreaker(const CheckContext& context);
void checkOverride(const CheckContext& context);
void checkWorkload(const CheckContext& context);
void checkSecurity(const CheckContext& context);

/// MY0201, MY0202, MY0207: the host, subset and port of a destination exist.
void checkDestination(const CheckContext& context, const std::string& field,
    const std::string& host, const std::string& subset, std::uint32_t port);

} // namespace meshyard::config
