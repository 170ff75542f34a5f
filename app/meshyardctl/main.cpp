// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/verbs.h"
#include "client/mesh_address.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <csignal>
#include <filesystem>

namespace {

using namespace meshyard::ctl;

constexpr const char* kFooter
    = R"(Names may be NAMESPACE/NAME; those without belong to -n. Lists show every namespace unless
-n is given. Data goes to standard output, everything else to standard error.
The mesh: --connect, else $MESHYARD_ADDR, else the admin socket in the run folder.

Exit codes: 0 done, 1 failed, 2 usage, 3 refused by the mesh.)";

void addCommonOptions(CLI::App& app, Context& context)
{
    app.add_option("--connect", context.connect, "control plane: unix:PATH or HOST:PORT")
        ->check([](const std::string& address) {
            const auto target = meshyard::grpcTarget(address);
            return target ? std::string() : target.error().message;
        });
    app.add_option("-n,--namespace", context.ns, "namespace")
        ->capture_default_str()
        ->each([&context](const std::string&) { context.nsGiven = true; });
    app.add_option("-o,--output", context.output, "table, json or (get) yaml")
        ->check(CLI::IsMember({"table", "json", "yaml"}));
}

/// Takes what stands behind the first "--" out of the arguments: it is somebody else's.
std::vector<std::string> splitCommand(std::vector<std::string>& arguments)
{
    const auto mark = std::find(arguments.begin(), arguments.end(), "--");
    if (mark == arguments.end())
        return {};
    std::vector<std::string> command(mark + 1, arguments.end());
    arguments.erase(mark, arguments.end());
    return command;
}

} // namespace

int main(int argc, char** argv)
{
    std::signal(SIGPIPE, SIG_IGN); // a reader that leaves ends us by the failed write
    Context context;
    std::error_code ignored;
    context.programFolder
        = std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path().string();

    CLI::App app{"Looks at a running mesh and changes it.", "meshyardctl"};
    app.set_version_flag("--version", "meshyardctl " MESHYARD_VERSION);
    app.fallthrough();
    app.require_subcommand(1);
    app.footer(kFooter);
    addCommonOptions(app, context);
    int exit = kDone;
    addReadVerbs(app, context, exit);
    addConfigVerbs(app, context, exit);
    addBreakerVerbs(app, context, exit);
    addFileVerbs(app, context, exit);
    addRecordVerbs(app, context, exit);

    if (const auto target = meshyard::grpcTarget(context.address()); !target)
        return Context::usage("$MESHYARD_ADDR: " + target.error().message);
    std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
    context.command = splitCommand(arguments);
    std::reverse(arguments.begin(), arguments.end()); // as CLI11 wants them
    try {
        app.parse(std::move(arguments));
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? kDone : kUsage;
    }
    return exit;
}
