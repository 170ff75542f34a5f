// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/daemon.h"
#include "embedded-mesh/control_plane/options.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace {

using meshyard::control_plane::DaemonOptions;

/// Becomes the supervisor, which starts us again as its child.
int runUnderSupervisor(const DaemonOptions& options)
{
    const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
    const std::string supervisor = (self.parent_path() / "meshyard-supervisor").string();
    std::vector<std::string> words{supervisor, "--data-dir", options.dataDir};
    if (!options.restart)
        words.emplace_back("--no-restart");
    if (options.lifelineFd >= 0)
        words.insert(words.end(), {"--lifeline-fd", std::to_string(options.lifelineFd)});
    words.insert(words.end(),
        {"--", self.string(), "--data-dir", options.dataDir, "--admin", options.admin, "--xds",
            options.xds});
    if (options.demo)
        words.emplace_back("--demo");
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execv(supervisor.c_str(), arguments.data());
    std::fprintf(
        stderr, "meshyardd: cannot start %s: %s\n", supervisor.c_str(), std::strerror(errno));
    return 1;
}

} // namespace

int main(int argc, char** argv)
{
    using namespace meshyard::control_plane;
    spdlog::set_default_logger(spdlog::stderr_logger_mt("meshyardd"));
    const auto options = parseDaemonOptions(
        std::span<char* const>(argv, static_cast<std::size_t>(argc)).subspan(1));
    if (!options) {
        std::fprintf(stderr, "meshyardd: %s (see --help)\n", options.error().message.c_str());
        return 2;
    }
    if (options->mode == DaemonOptions::Mode::Help) {
        std::fputs(kDaemonUsage, stdout);
        return 0;
    }
    if (options->mode == DaemonOptions::Mode::Version) {
        std::puts("meshyardd " MESHYARD_VERSION);
        return 0;
    }
    return options->supervisedFd >= 0 ? serve(*options, MESHYARD_VERSION)
                                      : runUnderSupervisor(*options);
}
