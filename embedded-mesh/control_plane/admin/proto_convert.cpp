// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/admin/proto_convert.h"

#include "embedded-mesh/config/diff.h"

namespace meshyard::control_plane {

grpc::Status toStatus(const Error& error)
{
    return {static_cast<grpc::StatusCode>(error.code), error.message};
}

v1::ResourceRef toProto(const config::ResourceId& id)
{
    v1::ResourceRef ref;
    ref.set_kind(id.kind);
    ref.set_namespace_(id.ns);
    ref.set_name(id.name);
    return ref;
}

v1::Diagnostic toProto(const config::Diagnostic& diagnostic)
{
    v1::Diagnostic out;
    out.set_severity(static_cast<v1::Severity>(static_cast<int>(diagnostic.severity) + 1));
    out.set_code(diagnostic.code);
    out.set_file(diagnostic.file);
    out.set_line(diagnostic.line);
    out.set_column(diagnostic.column);
    out.set_end_column(diagnostic.endColumn);
    out.set_field(diagnostic.field);
    out.set_message(diagnostic.message);
    if (!diagnostic.resource.kind.empty())
        out.set_resource(config::toString(diagnostic.resource));
    return out;
}

v1::ResourceChange toProto(const TextChange& change)
{
    v1::ResourceChange out;
    *out.mutable_ref() = toProto(change.id);
    out.set_before(change.before.value_or(""));
    out.set_after(change.after.value_or(""));
    const std::string name = config::toString(change.id);
    out.set_unified_diff(config::unifiedDiff(out.before(), out.after(), name, name));
    return out;
}

v1::NodeKey toProto(const NodeKey& key)
{
    v1::NodeKey out;
    out.set_namespace_(key.ns);
    out.set_service(key.service);
    out.set_version(key.version);
    return out;
}

bool selects(const std::string& wanted, const std::string& actual)
{
    return wanted.empty() || wanted == "*" || wanted == actual;
}

bool selects(const v1::EdgeSelector& selector, const EdgeKey& edge)
{
    return selects(selector.source_namespace(), edge.source.ns)
        && selects(selector.source_service(), edge.source.service)
        && selects(selector.source_version(), edge.source.version)
        && selects(selector.destination_namespace(), edge.destination.ns)
        && selects(selector.destination_service(), edge.destination.service)
        && (selector.subset().empty() || selector.subset() == edge.subset)
        && selects(selector.destination_version(), edge.destination.version);
}

std::string describe(const v1::EdgeSelector& selector)
{
    const auto name = [](const std::string& text) { return text.empty() ? "*" : text; };
    std::string text = name(selector.source_service());
    if (!selector.source_version().empty())
        text += "@" + selector.source_version();
    text += " -> " + name(selector.destination_service());
    if (!selector.subset().empty())
        text += "/" + selector.subset();
    if (!selector.destination_version().empty())
        text += "@" + selector.destination_version();
    return text;
}

} // namespace meshyard::control_plane
