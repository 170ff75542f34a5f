// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/options.h"

#include <fmt/format.h>

#include <charconv>
#include <functional>
#include <map>

namespace meshyard::supervisor {

const char* const kUsage = R"(meshyard-supervisor: keeps a mesh running on this host

  meshyard-supervisor [--data-dir DIR] [--lifeline-fd N] [--no-restart] -- CONTROL-PLANE [ARGUMENT…]
      starts the control plane and what it asks for; stops everything on SIGTERM, or when file
      descriptor N closes (unless a byte "d", for detach, was written to it before)
  meshyard-supervisor run NAME --connect ADDR [-n NAMESPACE] [--version V] [--port P]
      [--target-port T] [--data-dir DIR] -- COMMAND [ARGUMENT…]
      runs one command beside a sidecar in the foreground and returns its exit code

  --help, --version

Exit codes: 0 done, 1 failed, 2 usage, 3 refused by the mesh.
)";

namespace {

using Setter = std::function<Result<void>(const std::string&)>;

Result<void> setNumber(
    const std::string& text, unsigned limit, const std::function<void(unsigned)>& set)
{
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value > limit)
        return failure(ErrorCode::InvalidArgument,
            fmt::format("\"{}\" is not a number up to {}", text, limit));
    set(value);
    return {};
}

Setter assign(std::string& target)
{
    return [&target](const std::string& value) -> Result<void> {
        target = value;
        return {};
    };
}

std::map<std::string, Setter> setters(Options& options, v1::PortSpec& port)
{
    std::map<std::string, Setter> known;
    known["--data-dir"] = assign(options.dataDir);
    known["--lifeline-fd"] = [&options](const std::string& text) {
        return setNumber(
            text, 1U << 20U, [&](unsigned fd) { options.lifelineFd = static_cast<int>(fd); });
    };
    if (options.mode != Options::Mode::Foreground)
        return known;
    known["--connect"] = assign(options.connect);
    known["-n"] = known["--namespace"] = assign(*options.instance.mutable_namespace_());
    known["--version"] = assign(*options.instance.mutable_version());
    known["--port"] = known["-p"] = [&port](const std::string& text) {
        return setNumber(text, 65535, [&](unsigned value) { port.set_port(value); });
    };
    known["--target-port"] = [&port](const std::string& text) {
        return setNumber(text, 65535, [&](unsigned value) { port.set_target_port(value); });
    };
    return known;
}

Result<void> finishForeground(Options& options, v1::PortSpec port, std::vector<std::string> command)
{
    if (options.instance.service().empty())
        return failure(ErrorCode::InvalidArgument, "run needs a NAME for the service");
    if (command.empty())
        return failure(ErrorCode::InvalidArgument, "run needs a command after --");
    if (options.connect.empty())
        return failure(ErrorCode::InvalidArgument, "run needs --connect ADDR, the mesh to join");
    for (std::string& word : command)
        options.instance.add_command(std::move(word));
    options.instance.set_sidecar(true);
    if (port.port() != 0) {
        port.set_name("http");
        port.set_protocol("http");
        if (port.target_port() == 0)
            port.set_target_port(port.port());
        *options.instance.add_ports() = port;
    }
    if (options.instance.namespace_().empty())
        options.instance.set_namespace_("production");
    return {};
}

} // namespace

Result<Options> parseOptions(std::span<char* const> arguments)
{
    Options options;
    std::size_t i = 0;
    if (!arguments.empty() && std::string_view(arguments[0]) == "run") {
        options.mode = Options::Mode::Foreground;
        ++i;
    }
    v1::PortSpec port;
    const auto known = setters(options, port);
    std::vector<std::string> rest;
    for (; i < arguments.size(); ++i) {
        const std::string word = arguments[i];
        if (word == "--") {
            rest.assign(arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1, arguments.end());
            break;
        }
        if (word == "--help"
            || (word == "--version" && options.mode == Options::Mode::ControlPlane)) {
            options.mode = word == "--help" ? Options::Mode::Help : Options::Mode::Version;
            return options;
        }
        if (word == "--no-restart") {
            options.restartControlPlane = false;
        } else if (const auto setter = known.find(word); setter != known.end()) {
            if (++i == arguments.size())
                return failure(ErrorCode::InvalidArgument, fmt::format("{} needs a value", word));
            if (auto set = setter->second(arguments[i]); !set)
                return tl::unexpected(set.error());
        } else if (options.mode == Options::Mode::Foreground && !word.starts_with('-')
            && options.instance.service().empty()) {
            options.instance.set_service(word);
        } else {
            return failure(
                ErrorCode::InvalidArgument, fmt::format("unknown argument \"{}\"", word));
        }
    }
    if (options.mode == Options::Mode::Foreground) {
        if (auto finished = finishForeground(options, std::move(port), std::move(rest)); !finished)
            return tl::unexpected(finished.error());
        return options;
    }
    if (rest.empty())
        return failure(
            ErrorCode::InvalidArgument, "the control plane's command is missing after --");
    options.controlPlane = std::move(rest);
    return options;
}

} // namespace meshyard::supervisor
