// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/options.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <map>

namespace meshyard::control_plane {

const char* const kDaemonUsage = R"(meshyardd: the control plane of a mesh

  meshyardd --data-dir DIR [--demo] [--admin ADDR] [--xds ADDR] [--no-restart] [--lifeline-fd N]

  --data-dir DIR    where configuration, logs and instances are kept
  --demo            a mesh that is still empty gets the demo services
  --admin ADDR      where meshyard and meshyardctl find it (default: admin.sock in the run folder)
  --xds ADDR        where sidecars find it (default: xds.sock beside it)
  --no-restart      a control plane that dies is not started again; sidecars and programs go on
  --lifeline-fd N   everything stops when this file descriptor closes
  --help, --version

ADDR is unix:PATH or HOST:PORT on loopback (port 0 picks one). Started by hand it runs under
meshyard-supervisor, which stays in the foreground. When ready it prints one JSON line with every
actual address on standard output; logs go to standard error.
Exit codes: 0 done, 1 failed, 2 usage.
)";

namespace {

using Setter = std::function<Result<void>(const std::string&)>;

Setter text(std::string& target)
{
    return [&target](const std::string& value) -> Result<void> {
        target = value;
        return {};
    };
}

Setter descriptor(int& target)
{
    return [&target](const std::string& value) -> Result<void> {
        const char* end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, target);
        if (error != std::errc() || stop != end || target < 0)
            return failure(
                ErrorCode::InvalidArgument, fmt::format("\"{}\" is not a file descriptor", value));
        return {};
    };
}

/// A mesh with a socket of its own keeps the other one beside it.
std::string besideAdmin(const std::string& admin)
{
    if (!admin.starts_with("unix:"))
        return "unix:" + runFolder() + "/xds.sock";
    const std::filesystem::path path(admin.substr(5));
    const std::string stem = path.stem() == "admin" ? "xds" : path.stem().string() + "-xds";
    return "unix:" + (path.parent_path() / (stem + ".sock")).string();
}

} // namespace

std::string runFolder()
{
    const char* runtime = std::getenv("XDG_RUNTIME_DIR");
    if (runtime != nullptr && *runtime != '\0')
        return std::string(runtime) + "/meshyard";
    return fmt::format("/tmp/meshyard-{}", ::getuid());
}

Result<DaemonOptions> parseDaemonOptions(std::span<char* const> arguments)
{
    DaemonOptions options;
    const std::map<std::string, Setter> setters = {
        {"--data-dir", text(options.dataDir)},
        {"--admin", text(options.admin)},
        {"--xds", text(options.xds)},
        {"--supervised", descriptor(options.supervisedFd)},
        {"--lifeline-fd", descriptor(options.lifelineFd)},
    };
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        std::string word = arguments[i];
        if (word == "--help" || word == "--version") {
            options.mode
                = word == "--help" ? DaemonOptions::Mode::Help : DaemonOptions::Mode::Version;
            return options;
        }
        if (word == "--demo" || word == "--no-restart") {
            (word == "--demo" ? options.demo : options.restart) = word == "--demo";
            continue;
        }
        std::string value;
        const std::size_t equals = word.find('=');
        if (equals != std::string::npos) {
            value = word.substr(equals + 1);
            word.resize(equals);
        }
        const auto setter = setters.find(word);
        if (setter == setters.end())
            return failure(ErrorCode::InvalidArgument, fmt::format("unknown option {}", word));
        if (equals == std::string::npos && ++i == arguments.size())
            return failure(ErrorCode::InvalidArgument, fmt::format("{} needs a value", word));
        if (auto set = setter->second(equals == std::string::npos ? arguments[i] : value); !set)
            return tl::unexpected(set.error());
    }
    if (options.dataDir.empty())
        return failure(ErrorCode::InvalidArgument, "--data-dir DIR is required");
    if (options.admin.empty())
        options.admin = "unix:" + runFolder() + "/admin.sock";
    if (options.xds.empty())
        options.xds = besideAdmin(options.admin);
    return options;
}

} // namespace meshyard::control_plane
