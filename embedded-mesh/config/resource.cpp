// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/resource.h"

#include "embedded-mesh/config/kinds.h"
#include "embedded-mesh/config/names.h"
#include "embedded-mesh/document/field_path.h"
#include "embedded-mesh/document/message_reader.h"
#include "embedded-mesh/document/suggestion.h"
#include "embedded-mesh/document/yaml_parser.h"

#include "istio/kinds/v1/common.pb.h"

#include <algorithm>
#include <array>
#include <map>

namespace meshyard::config {
namespace {

using document::Node;
using document::Problem;
using document::ProblemKind;
using document::quoted;

std::string codeOf(ProblemKind kind)
{
    switch (kind) {
    case ProblemKind::Syntax:
        return "MY0101";
    case ProblemKind::DuplicateKey:
        return "MY0102";
    case ProblemKind::UnknownField:
        return "MY0103";
    case ProblemKind::UnsupportedField:
        return "MY0104";
    case ProblemKind::WrongType:
        return "MY0105";
    case ProblemKind::OutOfRange:
        return "MY0106";
    case ProblemKind::BadDuration:
        return "MY0107";
    case ProblemKind::BadEnum:
        return "MY0108";
    case ProblemKind::OneofConflict:
        return "MY0109";
    case ProblemKind::UnknownType:
        return "MY0114";
    }
    return "MY0101";
}

Severity severityOf(document::Severity severity)
{
    return static_cast<Severity>(severity);
}

/// Reads one document of a stream.
class ResourceParser
{
public:
    ResourceParser(const ParseOptions& options, ParsedResources& result)
        : m_options(options)
        , m_result(result)
    {
    }

    void read(document::Document&& document)
    {
        m_resource = {};
        m_resource.file = m_options.file;
        m_resource.firstLine = document.firstLine;
        m_resource.text = std::move(document.leading) + document.text;
        if (!m_resource.text.ends_with('\n'))
            m_resource.text += '\n';
        m_resource.tree = std::make_shared<const Node>(std::move(document.root));
        const KindInfo* kind = readKind();
        const bool named = kind && readMetadata();
        if (!named)
            return;
        readVersion(*kind);
        readTopLevelFields();
        readSpec(*kind);
        m_result.resources.push_back(std::move(m_resource));
    }

    void report(const Problem& problem)
    {
        m_resource.broken = m_resource.broken || problem.severity == document::Severity::Error;
        m_result.diagnostics.push_back(
            {severityOf(problem.severity), codeOf(problem.kind), m_options.file, problem.line,
                problem.column, problem.endColumn, problem.path, problem.message, m_resource.id});
    }

private:
    const Node& root() const { return *m_resource.tree; }

    void refuse(std::string code, const Node& at, std::string field, std::string message)
    {
        m_resource.broken = true;
        const std::size_t width = at.isScalar() ? std::max<std::size_t>(at.text.size(), 1) : 1;
        m_result.diagnostics.push_back({Severity::Error, std::move(code), m_options.file, at.line,
            at.column, at.column + static_cast<std::uint32_t>(width), std::move(field),
            std::move(message), m_resource.id});
    }

    const KindInfo* readKind()
    {
        const Node* node = root().isMap() ? root().find("kind") : nullptr;
        if (!node || !node->isScalar()) {
            refuse("MY0110", root(), "kind",
                "a document needs apiVersion, kind, metadata and spec: \"kind\" is missing");
            return nullptr;
        }
        const KindInfo* kind = findKind(node->text);
        if (kind && kind->name == node->text) {
            m_resource.id.kind = kind->name;
            return kind;
        }
        std::vector<std::string> names;
        for (const KindInfo& info : kinds())
            names.push_back(info.name);
        const std::string cure = kind ? "; did you mean \"" + kind->name + "\"?"
                                      : document::didYouMean(node->text, names);
        refuse("MY0110", *node, "kind", "Meshyard has no kind " + quoted(node->text) + cure);
        return nullptr;
    }

    bool readMetadata()
    {
        const Node* node = root().find("metadata");
        if (!node || !node->isMap()) {
            refuse("MY0112", root(), "metadata",
                "\"metadata\" is missing: give the document a name with metadata: {name: …}");
            return false;
        }
        kinds::v1::ObjectMeta meta;
        document::ReadOptions options;
        options.path = "metadata";
        options.isUnsupported = isUnsupportedField;
        for (const Problem& problem : document::readMessage(*node, meta, options)) {
            if (problem.kind != ProblemKind::UnsupportedField)
                report(problem);
        }
        m_resource.id.name = meta.name();
        m_resource.id.ns
            = meta.namespace_().empty() ? m_options.defaultNamespace : meta.namespace_();
        m_resource.labels.insert(meta.labels().begin(), meta.labels().end());
        m_resource.annotations.insert(meta.annotations().begin(), meta.annotations().end());
        return checkName(*node, "name", meta.name(), 253)
            && checkName(*node, "namespace", m_resource.id.ns, 63);
    }

    bool checkName(
        const Node& metadata, const std::string& field, const std::string& name, std::size_t most)
    {
        const Node* node = metadata.find(field);
        if (name.empty()) {
            refuse("MY0112", node ? *node : metadata, "metadata." + field, "the name is missing");
            return false;
        }
        if (!isDnsName(name) || name.size() > most
            || (most == 63 && name.find('.') != std::string::npos)) {
            refuse("MY0112", node ? *node : metadata, "metadata." + field,
                quoted(name) + " is not a name: use up to " + std::to_string(most)
                    + " lower-case letters, digits and '-', beginning and ending with a letter or "
                      "digit");
            return false;
        }
        return true;
    }

    void readVersion(const KindInfo& kind)
    {
        const Node* node = root().find("apiVersion");
        if (!node || !node->isScalar()) {
            refuse("MY0111", node ? *node : root(), "apiVersion",
                "\"apiVersion\" is missing: write " + kind.apiVersions.front());
            return;
        }
        m_resource.apiVersion = node->text;
        if (std::ranges::find(kind.apiVersions, node->text) == kind.apiVersions.end()) {
            refuse("MY0111", *node, "apiVersion",
                quoted(node->text) + " has no " + kind.name + ": write "
                    + kind.apiVersions.front());
        }
    }

    void readTopLevelFields()
    {
        static const std::vector<std::string> kFields
            = {"apiVersion", "kind", "metadata", "spec", "status"};
        for (const Node& key : root().keys) {
            if (std::ranges::find(kFields, key.text) == kFields.end()) {
                refuse("MY0103", key, key.text,
                    "there is no field " + quoted(key.text) + " in a document"
                        + document::didYouMean(key.text, kFields));
            }
        }
    }

    void readSpec(const KindInfo& kind)
    {
        std::shared_ptr<google::protobuf::Message> spec(kind.prototype->New());
        if (const Node* node = root().find("spec")) {
            document::ReadOptions options;
            options.path = "spec";
            options.isUnsupported = isUnsupportedField;
            for (const Problem& problem : document::readMessage(*node, *spec, options))
                report(problem);
        } else {
            refuse("MY0115", root(), "spec", "\"spec\" is missing");
        }
        m_resource.spec = std::move(spec);
    }

    const ParseOptions& m_options;
    ParsedResources& m_result;
    Resource m_resource;
};

void refuseSameNames(ParsedResources& result)
{
    std::map<ResourceId, std::uint32_t> seen;
    for (Resource& resource : result.resources) {
        const auto [first, fresh] = seen.emplace(resource.id, resource.tree->line);
        if (fresh)
            continue;
        resource.broken = true;
        result.diagnostics.push_back(
            diagnosticAt(resource, "metadata.name", Severity::Error, "MY0113",
                resource.id.kind + " " + quoted(resource.id.name) + " is already on line "
                    + std::to_string(first->second) + ": rename one of the two"));
    }
}

} // namespace

ParsedResources parseResources(std::string_view text, const ParseOptions& options)
{
    ParsedResources result;
    auto stream = document::parseStream(text);
    ResourceParser parser(options, result);
    for (const Problem& problem : stream.problems)
        parser.report(problem);
    for (auto& document : stream.documents)
        parser.read(std::move(document));
    refuseSameNames(result);
    return result;
}

Diagnostic diagnosticAt(const Resource& resource, std::string_view field, Severity severity,
    std::string code, std::string message)
{
    const auto path = document::FieldPath::parse(field);
    const Node& node = path ? document::locateNearest(*resource.tree, *path) : *resource.tree;
    const bool oneLine = node.isScalar() && node.text.find('\n') == std::string::npos;
    const std::size_t width = oneLine ? std::max<std::size_t>(node.end - node.begin, 1) : 1;
    return {severity, std::move(code), resource.file, node.line, node.column,
        node.column + static_cast<std::uint32_t>(width), std::string(field), std::move(message),
        resource.id};
}

} // namespace meshyard::config
