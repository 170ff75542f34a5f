// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/child_process.h"

#include "embedded-mesh/supervisor/capture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>

extern "C" char** environ; // NOLINT(readability-redundant-declaration): not every libc declares it

namespace meshyard::supervisor {
namespace {

/// Everything the child needs, built before fork(): after it only system calls are allowed.
struct Prepared
{
    std::vector<std::string> envText;
    std::vector<char*> argv;
    std::vector<char*> envp;
    int outputFd = -1;
    int reportFd = -1;
    pid_t parent = 0;
};

bool isReplaced(const ChildSpec& spec, std::string_view variable)
{
    const std::string name(variable.substr(0, variable.find('=')));
    return spec.env.contains(name)
        || std::find(spec.unsetEnv.begin(), spec.unsetEnv.end(), name) != spec.unsetEnv.end();
}

Prepared prepare(const ChildSpec& spec)
{
    Prepared prepared;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        if (!isReplaced(spec, *entry))
            prepared.envText.emplace_back(*entry);
    }
    for (const auto& [name, value] : spec.env)
        prepared.envText.push_back(fmt::format("{}={}", name, value));
    for (std::string& text : prepared.envText)
        prepared.envp.push_back(text.data());
    prepared.envp.push_back(nullptr);
    for (const std::string& argument : spec.command)
        prepared.argv.push_back(const_cast<char*>(argument.c_str())); // execvp's old signature
    prepared.argv.push_back(nullptr);
    prepared.parent = ::getpid();
    return prepared;
}

[[noreturn]] void failChild(int reportFd, int error)
{
    const ssize_t ignored = ::write(reportFd, &error, sizeof(error));
    static_cast<void>(ignored);
    ::_exit(127);
}

void redirectOutput(const ChildSpec& spec, const Prepared& prepared)
{
    if (spec.output != ChildSpec::Output::Inherited)
        ::dup2(prepared.outputFd, STDERR_FILENO);
    if (spec.output == ChildSpec::Output::Piped)
        ::dup2(prepared.outputFd, STDOUT_FILENO);
    if (!spec.ownGroup)
        return; // in the foreground the terminal is the program's
    const int nothing = ::open("/dev/null", O_RDONLY); // ours may be the lifeline
    if (nothing > STDIN_FILENO) {
        ::dup2(nothing, STDIN_FILENO);
        ::close(nothing);
    }
}

[[noreturn]] void runChild(const ChildSpec& spec, const Prepared& prepared)
{
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::signal(SIGPIPE, SIG_DFL);
    if (spec.ownGroup)
        ::setpgid(0, 0);
    redirectOutput(spec, prepared);
    for (const int fd : spec.keepFds)
        ::fcntl(fd, F_SETFD, 0);
    if (!spec.hostsFile.empty()) {
        const int error = enterCaptureNamespace(spec.hostsFile.c_str(), ::getuid(), ::getgid());
        if (error != 0)
            failChild(prepared.reportFd, error);
    }
    // After the namespace: a change of credentials clears the death signal.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != prepared.parent)
        ::_exit(127);
    if (!spec.workingDirectory.empty() && ::chdir(spec.workingDirectory.c_str()) != 0)
        failChild(prepared.reportFd, errno);
    environ = const_cast<char**>(prepared.envp.data());
    ::execvp(prepared.argv[0], prepared.argv.data());
    failChild(prepared.reportFd, errno);
}

Result<std::array<net::Fd, 2>> makePipe()
{
    int ends[2] = {-1, -1};
    if (::pipe2(ends, O_CLOEXEC) != 0)
        return failure(
            ErrorCode::ResourceExhausted, fmt::format("no pipe: {}", std::strerror(errno)));
    return std::array<net::Fd, 2>{net::Fd(ends[0]), net::Fd(ends[1])};
}

/// Waits for exec: end of file is success, four bytes are its errno.
Result<void> awaitExec(const net::Fd& report, pid_t pid, const std::string& program)
{
    int error = 0;
    ssize_t got = 0;
    do {
        got = ::read(report.get(), &error, sizeof(error));
    } while (got < 0 && errno == EINTR);
    if (got != static_cast<ssize_t>(sizeof(error)))
        return {};
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) { }
    const ErrorCode code = error == ENOENT ? ErrorCode::NotFound : ErrorCode::PermissionDenied;
    return failure(code, fmt::format("cannot start \"{}\": {}", program, std::strerror(error)));
}

} // namespace

Result<Child> spawn(const ChildSpec& spec)
{
    if (spec.command.empty())
        return failure(ErrorCode::InvalidArgument, "nothing to start: the command is empty");
    auto output = makePipe();
    auto report = makePipe();
    if (!output || !report)
        return tl::unexpected(output ? report.error() : output.error());
    Prepared prepared = prepare(spec);
    prepared.outputFd = (*output)[1].get();
    prepared.reportFd = (*report)[1].get();
    const pid_t pid = ::fork();
    if (pid == 0)
        runChild(spec, prepared);
    if (pid < 0)
        return failure(
            ErrorCode::ResourceExhausted, fmt::format("cannot fork: {}", std::strerror(errno)));
    (*report)[1].reset();
    (*output)[1].reset();
    if (auto started = awaitExec((*report)[0], pid, spec.command[0]); !started)
        return tl::unexpected(started.error());
    Child child;
    child.pid = pid;
    if (spec.output != ChildSpec::Output::Inherited) {
        child.output = std::move((*output)[0]);
        ::fcntl(child.output.get(), F_SETFL, O_NONBLOCK);
    }
    return child;
}

std::string describeExit(int waitStatus)
{
    if (WIFSIGNALED(waitStatus)) {
        const int signal = WTERMSIG(waitStatus);
        return fmt::format("signal {} ({})", signal, ::strsignal(signal));
    }
    return fmt::format("exit code {}", WEXITSTATUS(waitStatus));
}

} // namespace meshyard::supervisor
