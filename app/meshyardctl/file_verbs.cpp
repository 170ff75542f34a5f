// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/output.h"
#include "app/meshyardctl/verbs.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace meshyard::ctl {

namespace {

struct RunOptions
{
    std::string name;
    std::string version;
    unsigned port = 0;
    unsigned targetPort = 0;
    std::string dataDir;
};

/// Becomes the supervisor: the command keeps this terminal, and its exit code is ours.
int run(const Context& context, const RunOptions& options)
{
    if (context.command.empty())
        return Context::usage(
            "run wants a command after --, e.g. run shop -- curl http://reviews:9080");
    const std::string program = context.programFolder + "/meshyard-supervisor";
    const auto [ns, name] = context.qualified(options.name);
    std::vector<std::string> words{program, "run", name, "--connect", context.address(), "-n", ns};
    const auto add = [&words](const char* option, const std::string& value) {
        if (!value.empty())
            words.insert(words.end(), {option, value});
    };
    add("--version", options.version);
    add("--port", options.port == 0 ? "" : std::to_string(options.port));
    add("--target-port", options.targetPort == 0 ? "" : std::to_string(options.targetPort));
    add("--data-dir", options.dataDir);
    words.emplace_back("--");
    words.insert(words.end(), context.command.begin(), context.command.end());
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(program.c_str(), arguments.data());
    std::fprintf(
        stderr, "meshyardctl: cannot start %s: %s\n", program.c_str(), std::strerror(errno));
    return kFailed;
}

} // namespace

void addFileVerbs(CLI::App& app, Context& context, int& exit)
{
    auto node = std::make_shared<std::string>();
    CLI::App* dump = app.add_subcommand("config-dump", "what a sidecar was told, as JSON");
    dump->add_option("NODE", *node, "the sidecar's id, see proxies")->required();
    dump->callback([&context, &exit, node] {
        const auto json = context.client().configDump(*node);
        if (!json)
            exit = Context::report(json.error());
        else
            std::printf("%s\n", json->c_str());
    });

    auto options = std::make_shared<RunOptions>();
    CLI::App* verb = app.add_subcommand(
        "run", "run NAME [options] -- COMMAND…: any command as a service of the mesh");
    verb->add_option("NAME", options->name, "the service it is, [NAMESPACE/]NAME")->required();
    verb->add_option("--version", options->version, "its version label");
    verb->add_option("--port", options->port, "the port others call it on");
    verb->add_option("--target-port", options->targetPort, "the port it listens on");
    verb->add_option("--data-dir", options->dataDir, "folder for its sidecar");
    verb->callback([&context, &exit, options] { exit = run(context, *options); });
}

} // namespace meshyard::ctl
