// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/supervisor.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <filesystem>
#include <span>

int main(int argc, char** argv)
{
    using namespace meshyard;
    spdlog::set_default_logger(spdlog::stderr_logger_mt("supervisor"));
    auto options = supervisor::parseOptions(
        std::span<char* const>(argv, static_cast<std::size_t>(argc)).subspan(1));
    if (!options) {
        std::fprintf(
            stderr, "meshyard-supervisor: %s (see --help)\n", options.error().message.c_str());
        return 2;
    }
    if (options->mode == supervisor::Options::Mode::Help) {
        std::fputs(supervisor::kUsage, stdout);
        return 0;
    }
    if (options->mode == supervisor::Options::Mode::Version) {
        std::puts("meshyard-supervisor " MESHYARD_VERSION);
        return 0;
    }
    if (options->mode == supervisor::Options::Mode::Foreground)
        spdlog::set_level(spdlog::level::err); // the terminal is the command's
    const SteadyClock clock;
    const std::string binDir
        = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
    return supervisor::Supervisor(std::move(*options), binDir, clock).run();
}
