// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/signal_watcher.h"
#include "embedded-mesh/proxy/proxy.h"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <sys/resource.h>

#include <charconv>
#include <csignal>
#include <cstdio>

namespace {

constexpr int kDone = 0;
constexpr int kFailed = 1;
constexpr int kUsage = 2;

constexpr const char* kHelp = R"(Usage: meshyard-proxy -c BOOTSTRAP [options]

The sidecar: forwards HTTP/1.1 and TCP as its bootstrap and its control plane say.

  -c, --config-path FILE  bootstrap, YAML or JSON in the shape of Envoy's v3 Bootstrap
      --admin ADDR        admin endpoint (HOST:PORT on loopback, or unix:PATH) instead of
                          the bootstrap's
      --concurrency N         worker threads (default: 1)
      --drain-time-s N        seconds to finish requests in after SIGTERM (default: 5)
      --state-dir DIR     keep the last good configuration there and start from it
      --log-level LEVEL   debug, info, warning, error (default: info)
      --help, --version

When ready it prints one JSON line on standard output. Logs go to standard error.
Exit codes: 0 done, 1 failed, 2 usage.
)";

struct CommandLine
{
    meshyard::proxy::ProxyOptions options;
    std::string logLevel = "info";
    std::string concurrency = "1";
    std::string drainTime = "5";
    std::string problem;
    bool help = false;
    bool version = false;
};

CommandLine parse(int argc, char** argv)
{
    CommandLine line;
    for (int i = 1; i < argc && line.problem.empty(); ++i) {
        std::string name = argv[i];
        std::optional<std::string> value;
        if (const std::size_t equals = name.find('=');
            name.starts_with("--") && equals != std::string::npos) {
            value = name.substr(equals + 1);
            name.resize(equals);
        }
        std::string* target = nullptr;
        if (name == "-c" || name == "--config-path")
            target = &line.options.bootstrapPath;
        else if (name == "--admin")
            target = &line.options.adminAddress;
        else if (name == "--state-dir")
            target = &line.options.stateDir;
        else if (name == "--concurrency")
            target = &line.concurrency;
        else if (name == "--drain-time-s")
            target = &line.drainTime;
        else if (name == "--log-level")
            target = &line.logLevel;
        else if (name == "--help" || name == "-h")
            line.help = true;
        else if (name == "--version")
            line.version = true;
        else
            line.problem = "unknown option " + name;
        if (target == nullptr)
            continue;
        if (!value && i + 1 < argc)
            value = argv[++i];
        if (value)
            *target = *value;
        else
            line.problem = name + " needs a value";
    }
    return line;
}

bool readNumber(const std::string& text, unsigned least, unsigned most, unsigned& number)
{
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc() && end == text.data() + text.size() && number >= least
        && number <= most;
}

/// A proxy needs a descriptor a connection: the soft limit of a shell is for other programs.
void raiseDescriptorLimit()
{
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// warning → warn: the level names of spdlog.
bool setUpLog(const std::string& level)
{
    auto logger = std::make_shared<spdlog::logger>(
        "proxy", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    spdlog::set_default_logger(logger);
    spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %n %l %v");
    const auto parsed = spdlog::level::from_str(level == "warning" ? "warn" : level);
    spdlog::set_level(parsed);
    return parsed != spdlog::level::off;
}

int run(meshyard::proxy::ProxyOptions options)
{
    options.version = MESHYARD_VERSION;
    const meshyard::SteadyClock clock;
    meshyard::net::EventLoop loop(clock);
    std::signal(SIGPIPE, SIG_IGN);
    raiseDescriptorLimit();
    const std::chrono::seconds patience = options.drainTime;
    meshyard::proxy::Proxy proxy(loop, std::move(options));
    bool asked = false;
    const meshyard::net::SignalWatcher signals(loop, {SIGTERM, SIGINT}, [&](int) {
        if (std::exchange(asked, true))
            return loop.stop(); // the second time without patience
        proxy.drain(patience);
    });
    if (auto started = proxy.start(); !started) {
        std::fprintf(stderr, "meshyard-proxy: %s\n", started.error().message.c_str());
        return kFailed;
    }
    loop.run();
    return kDone;
}

} // namespace

int main(int argc, char** argv)
{
    CommandLine line = parse(argc, argv);
    if (line.help) {
        std::fputs(kHelp, stdout);
        return kDone;
    }
    if (line.version) {
        std::puts("meshyard-proxy " MESHYARD_VERSION);
        return kDone;
    }
    if (line.problem.empty() && line.options.bootstrapPath.empty())
        line.problem = "-c BOOTSTRAP is missing";
    if (line.problem.empty() && !setUpLog(line.logLevel))
        line.problem = "--log-level must be debug, info, warning or error";
    if (line.problem.empty() && !readNumber(line.concurrency, 1, 128, line.options.concurrency))
        line.problem = "--concurrency must be 1 to 128";
    unsigned drainTime = 0;
    if (line.problem.empty() && !readNumber(line.drainTime, 0, 86400, drainTime))
        line.problem = "--drain-time-s must be 0 to 86400";
    line.options.drainTime = std::chrono::seconds(drainTime);
    if (!line.problem.empty()) {
        std::fprintf(stderr, "meshyard-proxy: %s (see --help)\n", line.problem.c_str());
        return kUsage;
    }
    return run(std::move(line.options));
}
