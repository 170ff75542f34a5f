// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/command_line.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <functional>
#include <map>

namespace meshyard::workloads {

namespace {

constexpr std::string_view kHelp
    = R"(Usage: meshyard-workload service|store|stock --name NAME [options]
       meshyard-workload load --target URL [options]

service: a demo HTTP service that answers JSON and calls its dependencies.
store: a demo database over TCP. A line "GET KEY" is answered by one line of JSON, as many as the
  client likes on a connection; a failing request closes its connection without an answer.
stock: a demo gRPC service (h2c), /meshyard.demo.Stock/Count; a failing call gets UNAVAILABLE.
  --name NAME             service name (required)
  --version VERSION       version label [v1]
  --instance ID           shown in answers [$MESHYARD_INSTANCE, else NAME-VERSION]
  --port PORT             port on 127.0.0.1 [$PORT; 0 picks one]
  --median-ms MS          median of the base latency [3]
  --sigma S               spread of the base latency, lognormal [0.5]
  --payload-bytes N       own part of an answer, not of stock [1500]
service only:
  --call NAME=URL         a dependency; may be repeated: http://HOST:PORT/path,
                          tcp://HOST:PORT (a store, a connection a call),
                          grpc://HOST:PORT/meshyard.demo.Stock/Count
  --call-timeout-ms MS    patience with a dependency [3000]

load: seeded open-loop requests; latency counts from the time a request was due.
  --target URL            http://HOST[:PORT]/path (required)
  --host HOST             Host field [that of the target]
  --rate R                requests per second [50]
  --jason-share X         share of requests with "end-user: jason", 0 to 1 [0.2]
  --arrival poisson|even  spacing [poisson]
  --max-in-flight N       more are dropped and counted [256]
  --timeout-ms MS         patience with an answer [10000]

all:
  --knobs HOST:PORT       loopback address of knobs and counters [$MESHYARD_KNOBS]
  --seed N                [1]
  --help, --version

When ready it prints one JSON line with the actual addresses. Exit codes: 0 stopped by a signal,
1 failed, 2 usage.
)";

using Setter = std::function<Result<void>(std::string_view)>;
using Setters = std::map<std::string, Setter, std::less<>>;

Setter text(std::string& target)
{
    return [&target](std::string_view value) -> Result<void> {
        target = value;
        return {};
    };
}

template <typename Number> Setter number(Number& target, double lowest, double highest)
{
    return [&target, lowest, highest](std::string_view value) -> Result<void> {
        Number parsed{};
        const char* const end = value.data() + value.size();
        const auto [stop, error] = std::from_chars(value.data(), end, parsed);
        const auto size = static_cast<double>(parsed);
        if (error != std::errc() || stop != end || !(size >= lowest && size <= highest))
            return failure(ErrorCode::InvalidArgument,
                fmt::format("'{}': write a number of {} to {}", value, lowest, highest));
        target = parsed;
        return {};
    };
}

Setter millis(Duration& target)
{
    return [&target](std::string_view value) {
        std::int64_t count = 0;
        return number(count, 1, 3'600'000)(value).map(
            [&] { target = std::chrono::milliseconds(count); });
    };
}

Setter knobsAddress(std::optional<net::SocketAddress>& target)
{
    return [&target](std::string_view value) {
        return net::SocketAddress::parse(value).map(
            [&target](const net::SocketAddress& address) { target = address; });
    };
}

Setter dependency(std::vector<Dependency>& target)
{
    return [&target](std::string_view value) {
        return Dependency::parse(value).map(
            [&target](const Dependency& parsed) { target.push_back(parsed); });
    };
}

/// "--key value" and "--key=value".
Result<void> applyOptions(std::span<const char* const> arguments, const Setters& setters)
{
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view argument = arguments[i];
        const std::size_t equals = std::min(argument.find('='), argument.size());
        const std::string_view key = argument.substr(0, equals);
        const auto setter = setters.find(key);
        if (setter == setters.end())
            return failure(
                ErrorCode::InvalidArgument, fmt::format("unknown option '{}'; see --help", key));
        if (equals == argument.size() && i + 1 == arguments.size())
            return failure(ErrorCode::InvalidArgument, fmt::format("{} needs a value", key));
        const std::string_view value
            = equals < argument.size() ? argument.substr(equals + 1) : arguments[++i];
        if (Result<void> set = setter->second(value); !set)
            return failure(
                ErrorCode::InvalidArgument, fmt::format("{}: {}", key, set.error().message));
    }
    return {};
}

/// An environment variable goes the way of its option; an empty one is no value.
Result<void> applyVariable(const char* name, const std::string& value, const Setter& setter)
{
    if (value.empty())
        return {};
    return setter(value).map_error([name](const Error& error) {
        return Error{error.code, fmt::format("${}: {}", name, error.message)};
    });
}

Result<Command> parseService(
    ServiceKind kind, std::span<const char* const> arguments, const Environment& environment)
{
    ServiceCommand command;
    command.kind = kind;
    ServiceOptions& options = command.options;
    options.version = "v1";
    options.instance = environment.instance;
    std::uint16_t port = 0;
    Setters setters = {
        {"--name", text(options.name)},
        {"--version", text(options.version)},
        {"--instance", text(options.instance)},
        {"--port", number(port, 0, 65535)},
        {"--median-ms", number(options.medianMs, 0, 60'000)},
        {"--sigma", number(options.sigma, 0, 3)},
        {"--payload-bytes", number(options.payloadBytes, 0, 10'000'000)},
        {"--knobs", knobsAddress(command.knobs)},
        {"--seed", number(options.seed, 0, 1e19)},
    };
    if (kind == ServiceKind::Http) {
        setters.emplace("--call", dependency(options.dependencies));
        setters.emplace("--call-timeout-ms", millis(options.callTimeout));
    }
    const Result<void> applied
        = applyVariable("PORT", environment.port, setters.at("--port"))
              .and_then([&] {
                  return applyVariable("MESHYARD_KNOBS", environment.knobs, setters.at("--knobs"));
              })
              .and_then([&] { return applyOptions(arguments, setters); });
    if (!applied)
        return tl::unexpected(applied.error());
    if (options.name.empty())
        return failure(ErrorCode::InvalidArgument, "--name is required; see --help");
    if (options.instance.empty())
        options.instance = options.name + "-" + options.version;
    command.listenOn = net::SocketAddress::loopback(port);
    return command;
}

Result<Command> parseLoad(std::span<const char* const> arguments, const Environment& environment)
{
    LoadCommand command;
    LoadOptions& options = command.options;
    std::string target;
    std::string arrival = "poisson";
    double jasonShare = 0.2;
    const Setters setters = {
        {"--target", text(target)},
        {"--host", text(options.host)},
        {"--rate", number(options.rate, 0, 100'000)},
        {"--jason-share", number(jasonShare, 0, 1)},
        {"--arrival", text(arrival)},
        {"--max-in-flight", number(options.maxInFlight, 1, 100'000)},
        {"--timeout-ms", millis(options.timeout)},
        {"--knobs", knobsAddress(command.knobs)},
        {"--seed", number(options.seed, 0, 1e19)},
    };
    const Result<void> applied
        = applyVariable("MESHYARD_KNOBS", environment.knobs, setters.at("--knobs")).and_then([&] {
              return applyOptions(arguments, setters);
          });
    if (!applied)
        return tl::unexpected(applied.error());
    if (target.empty())
        return failure(ErrorCode::InvalidArgument, "--target is required; see --help");
    if (arrival != "poisson" && arrival != "even")
        return failure(ErrorCode::InvalidArgument, "--arrival: write poisson or even");
    options.arrival = arrival == "even" ? Arrival::Even : Arrival::Poisson;
    options.jasonPercent = jasonShare * 100;
    return WebTarget::parse(target).map([&](const WebTarget& parsed) -> Command {
        options.target = parsed;
        return command;
    });
}

} // namespace

Environment Environment::ofProcess()
{
    const auto variable = [](const char* name) {
        const char* const value = std::getenv(name);
        return std::string(value == nullptr ? "" : value);
    };
    return {variable("PORT"), variable("MESHYARD_KNOBS"), variable("MESHYARD_INSTANCE")};
}

Result<Command> parseCommandLine(std::span<const char* const> arguments,
    const Environment& environment, std::string_view version)
{
    const std::string_view verb = arguments.empty() ? "" : arguments.front();
    if (verb == "--version")
        return PrintCommand{fmt::format("meshyard-workload {}\n", version)};
    for (const char* const argument : arguments) {
        if (std::string_view(argument) == "--help")
            return PrintCommand{std::string(kHelp)};
    }
    constexpr std::array<std::pair<std::string_view, ServiceKind>, 3> kServices{
        {{"service", ServiceKind::Http}, {"store", ServiceKind::Store},
            {"stock", ServiceKind::Stock}}};
    for (const auto& [name, kind] : kServices) {
        if (verb == name)
            return parseService(kind, arguments.subspan(1), environment);
    }
    if (verb == "load")
        return parseLoad(arguments.subspan(1), environment);
    return failure(ErrorCode::InvalidArgument,
        "the first word must be 'service', 'store', 'stock' or 'load'; see --help");
}

} // namespace meshyard::workloads
