// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/output.h"
#include "app/meshyardctl/verbs.h"
#include "app/meshyardctl/yaml_json.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>

namespace meshyard::ctl {

namespace {

std::string refText(const ResourceRef& ref)
{
    return fmt::format("{}/{}/{}", ref.kind, ref.ns, ref.name);
}

Result<std::string> readAll(const std::string& file)
{
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return failure(ErrorCode::NotFound, fmt::format("cannot read {}", file));
    return std::string(std::istreambuf_iterator<char>(in), {});
}

/// A folder stands for the .yaml, .yml and .json files in it, by name.
std::vector<std::string> filesOf(const std::string& path)
{
    if (!std::filesystem::is_directory(path))
        return {path};
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(path)) {
        const std::string suffix = entry.path().extension().string();
        if (suffix == ".yaml" || suffix == ".yml" || suffix == ".json")
            files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    return files;
}

Result<std::vector<ApplyInput::Document>> readDocuments(const std::vector<std::string>& paths)
{
    std::vector<ApplyInput::Document> documents;
    for (const std::string& path : paths) {
        if (path == "-") {
            documents.push_back({"<stdin>", {std::istreambuf_iterator<char>(std::cin), {}}});
            continue;
        }
        for (const std::string& file : filesOf(path)) {
            auto text = readAll(file);
            if (!text)
                return tl::unexpected(text.error());
            documents.push_back({file, std::move(*text)});
        }
    }
    if (documents.empty())
        return failure(ErrorCode::NotFound, "no .yaml, .yml or .json file in that folder");
    return documents;
}

/// `file:line:column: error: [MYxxxx] field: sentence`, on standard error.
bool printDiagnostics(const std::vector<RemoteDiagnostic>& diagnostics)
{
    bool errors = false;
    for (const RemoteDiagnostic& one : diagnostics) {
        errors = errors || one.severity == DiagnosticSeverity::Error;
        const char* severity = one.severity == DiagnosticSeverity::Error ? "error"
            : one.severity == DiagnosticSeverity::Warning                ? "warning"
                                                                         : "info";
        std::string place = one.file.empty() ? one.resource : one.file;
        if (one.line > 0)
            place += fmt::format(":{}:{}", one.line, std::max(one.column, 1U));
        const std::string field = one.field.empty() ? "" : one.field + ": ";
        std::fprintf(stderr, "%s: %s: [%s] %s%s\n", printable(place).c_str(), severity,
            one.code.c_str(), printable(field).c_str(), printable(one.message).c_str());
    }
    return errors;
}

Json changesJson(const ApplyOutput& output)
{
    Json out{{"revision", output.revision}, {"stored", output.stored}, {"changes", Json::array()},
        {"diagnostics", Json::array()}};
    for (const ResourceChange& change : output.changes)
        out["changes"].push_back(
            {{"kind", change.ref.kind}, {"namespace", change.ref.ns}, {"name", change.ref.name},
                {"change",
                    change.before.empty()      ? "created"
                        : change.after.empty() ? "deleted"
                                               : "changed"},
                {"diff", change.unifiedDiff}});
    for (const RemoteDiagnostic& one : output.diagnostics)
        out["diagnostics"].push_back({{"severity",
                                          static_cast<int>(one.severity) == 3       ? "error"
                                              : static_cast<int>(one.severity) == 2 ? "warning"
                                                                                    : "info"},
            {"code", one.code}, {"file", one.file}, {"line", one.line}, {"column", one.column},
            {"field", one.field}, {"message", one.message}, {"resource", one.resource}});
    return out;
}

enum class Show { Summary, Diff, ProblemsOnly };

int printApply(const Context& context, const Result<ApplyOutput>& output, Show show)
{
    if (!output)
        return Context::report(output.error());
    const bool errors = printDiagnostics(output->diagnostics);
    if (context.wantsJson()) {
        printJson(changesJson(*output));
        return errors ? kRefused : kDone;
    }
    if (errors)
        return kRefused;
    for (const ResourceChange& change : output->changes) {
        if (show == Show::Diff)
            std::fputs(change.unifiedDiff.c_str(), stdout);
        else if (show == Show::Summary)
            std::printf("%s %s\n",
                change.before.empty()      ? "created"
                    : change.after.empty() ? "deleted"
                                           : "changed",
                printable(refText(change.ref)).c_str());
    }
    if (show == Show::ProblemsOnly)
        std::puts("valid");
    else if (show == Show::Summary)
        std::printf(output->stored ? "revision %llu\n" : "unchanged, revision %llu\n",
            static_cast<unsigned long long>(output->revision));
    return kDone;
}

struct ApplyOptions
{
    std::vector<std::string> files;
    std::string message;
    std::uint64_t base = 0;
};

int sendDocuments(Context& context, const ApplyOptions& options, Show show)
{
    auto documents = readDocuments(options.files);
    if (!documents) {
        std::fprintf(stderr, "meshyardctl: %s\n", documents.error().message.c_str());
        return kFailed;
    }
    ApplyInput input;
    input.documents = std::move(*documents);
    input.defaultNamespace = context.ns;
    input.baseRevision = options.base;
    input.message = options.message.empty() && show == Show::Summary
        ? "apply " + input.documents[0].name
        : options.message;
    input.author = Context::author();
    input.validateOnly = show == Show::ProblemsOnly;
    input.dryRun = show == Show::Diff;
    return printApply(context, context.client().apply(input), show);
}

/// KIND, KIND/NAME or KIND/NAMESPACE/NAME.
ResourceRef parseRef(const Context& context, const std::string& text)
{
    ResourceRef ref;
    const std::size_t first = text.find('/');
    ref.kind = text.substr(0, first);
    if (first == std::string::npos) {
        ref.ns = context.listNamespace();
        return ref;
    }
    std::tie(ref.ns, ref.name) = context.qualified(text.substr(first + 1));
    return ref;
}

int get(Context& context, const std::string& what)
{
    const ResourceRef ref = parseRef(context, what);
    const std::string kind = ref.kind == "all" ? "" : ref.kind;
    const auto resources = context.client().get(kind, ref.ns, ref.name);
    if (!resources)
        return Context::report(resources.error());
    if (resources->empty() && !ref.name.empty())
        return Context::report({ErrorCode::NotFound, "there is no " + refText(ref)});
    Json list = Json::array();
    bool first = true;
    for (const StoredResource& one : *resources) {
        if (context.wantsJson()) {
            auto json = yamlToJson(one.text);
            if (!json)
                return Context::report(json.error());
            list.push_back(std::move(*json));
        } else if (context.output == "yaml" || !ref.name.empty()) {
            std::printf("%s%s%s", first ? "" : "---\n", one.text.c_str(),
                one.text.ends_with('\n') ? "" : "\n");
        }
        first = false;
    }
    if (context.wantsJson()) {
        printJson(ref.name.empty() ? list : list.at(0));
    } else if (context.output != "yaml" && ref.name.empty()) {
        Table table({{"KIND"}, {"NAMESPACE"}, {"NAME"}, {"REVISION", Table::Align::Right}});
        for (const StoredResource& one : *resources)
            table.addRow({one.ref.kind, one.ref.ns, one.ref.name, std::to_string(one.revision)});
        table.print();
    }
    return kDone;
}

int remove(Context& context, const ApplyOptions& options, const std::vector<std::string>& names)
{
    ApplyInput input;
    for (const std::string& name : names) {
        ResourceRef ref = parseRef(context, name);
        if (ref.name.empty())
            return Context::usage("delete wants KIND/NAME, not \"" + name + '"');
        input.deletes.push_back(std::move(ref));
    }
    input.defaultNamespace = context.ns;
    input.baseRevision = options.base;
    input.author = Context::author();
    input.message = options.message.empty() ? "delete " + names[0] : options.message;
    return printApply(context, context.client().apply(input), Show::Summary);
}

Json revisionJson(const RevisionInfo& revision)
{
    Json out{{"number", revision.number}, {"unixMs", revision.unixMs}, {"author", revision.author},
        {"message", revision.message}, {"applied", revision.applied}, {"undone", revision.undone},
        {"isUndo", revision.isUndo}, {"touched", Json::array()}};
    for (const ResourceRef& ref : revision.touched)
        out["touched"].push_back(refText(ref));
    for (const ResourceChange& change : revision.changes)
        out["changes"].push_back({{"resource", refText(change.ref)}, {"diff", change.unifiedDiff}});
    return out;
}

int revisions(Context& context, std::uint64_t number, std::uint32_t limit)
{
    const auto list = context.client().revisions(number, limit);
    if (!list)
        return Context::report(list.error());
    if (context.wantsJson()) {
        Json out = Json::array();
        for (const RevisionInfo& revision : *list)
            out.push_back(revisionJson(revision));
        printJson(out);
        return kDone;
    }
    Table table({{"REVISION", Table::Align::Right}, {"TIME"}, {"AUTHOR"}, {"STATE"}, {"MESSAGE"}});
    for (const RevisionInfo& one : *list)
        table.addRow({std::to_string(one.number), timeText(one.unixMs), one.author,
            one.undone        ? "undone"
                : one.applied ? "applied"
                              : "pending",
            one.message});
    table.print();
    for (const RevisionInfo& one : *list) {
        for (const ResourceChange& change : one.changes)
            std::fputs(change.unifiedDiff.c_str(), stdout);
    }
    return kDone;
}

void addDocumentVerb(
    CLI::App& app, Context& context, int& exit, const char* name, const char* help, Show show)
{
    auto options = std::make_shared<ApplyOptions>();
    CLI::App* verb = app.add_subcommand(name, help);
    verb->add_option("-f,--file", options->files, "file, folder, or - for standard input")
        ->required();
    if (show == Show::Summary) {
        verb->add_option("-m,--message", options->message, "what the revision is for");
        verb->add_option("--base", options->base, "refuse if what it touches changed since");
    }
    verb->callback(
        [&context, &exit, options, show] { exit = sendDocuments(context, *options, show); });
}

} // namespace

void addConfigVerbs(CLI::App& app, Context& context, int& exit)
{
    addDocumentVerb(app, context, exit, "apply", "store documents as one revision", Show::Summary);
    addDocumentVerb(
        app, context, exit, "validate", "check documents, change nothing", Show::ProblemsOnly);
    addDocumentVerb(app, context, exit, "diff", "show what apply would change", Show::Diff);

    auto what = std::make_shared<std::string>("all");
    CLI::App* getVerb = app.add_subcommand("get", "documents as stored (-o yaml or json)");
    getVerb->add_option("KIND[/NAME]", *what, "e.g. virtualservice/reviews; all");
    getVerb->callback([&context, &exit, what] { exit = get(context, *what); });

    auto names = std::make_shared<std::vector<std::string>>();
    auto options = std::make_shared<ApplyOptions>();
    CLI::App* deleteVerb = app.add_subcommand("delete", "delete documents as one revision");
    deleteVerb->add_option("KIND/NAME", *names, "what to delete")->required();
    deleteVerb->add_option("-m,--message", options->message, "what the revision is for");
    deleteVerb->add_option("--base", options->base, "refuse if one of them changed since");
    deleteVerb->callback(
        [&context, &exit, names, options] { exit = remove(context, *options, *names); });

    auto number = std::make_shared<std::uint64_t>(0);
    auto limit = std::make_shared<std::uint32_t>(100);
    CLI::App* list = app.add_subcommand("revisions", "newest first; a number: its changes");
    list->add_option("N", *number, "only this one, with its changes");
    list->add_option("--limit", *limit, "how many")->capture_default_str();
    list->callback(
        [&context, &exit, number, limit] { exit = revisions(context, *number, *limit); });

    using Direction = MeshClient::Direction;
    const auto addUndo = [&](const char* name, const char* help, Direction direction) {
        app.add_subcommand(name, help)->callback([&context, &exit, direction] {
            exit = printApply(
                context, context.client().undo(direction, Context::author()), Show::Summary);
        });
    };
    addUndo("undo", "take the newest revision back", Direction::Undo);
    addUndo("redo", "bring back what undo took", Direction::Redo);

    auto target = std::make_shared<std::uint64_t>(0);
    CLI::App* rollback = app.add_subcommand("rollback", "back to revision N, as a new revision");
    rollback->add_option("N", *target, "revision to restore")->required();
    rollback->callback([&context, &exit, target] {
        exit = printApply(
            context, context.client().rollback(*target, Context::author()), Show::Summary);
    });
}

} // namespace meshyard::ctl
