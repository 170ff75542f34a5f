// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/fd.h"

#include <sys/types.h>

#include <map>
#include <string>
#include <vector>

namespace meshyard::supervisor {

/// What to start and how.
struct ChildSpec
{
    std::vector<std::string> command; ///< argv; [0] is looked up in PATH
    std::map<std::string, std::string> env; ///< added to the supervisor's own
    std::vector<std::string> unsetEnv;
    std::string workingDirectory; ///< "" = the supervisor's
    std::string hostsFile; ///< not empty: capture (a) with this file as /etc/hosts
    std::vector<int> keepFds; ///< stay open across exec, under the same numbers
    enum class Output {
        Piped, ///< standard output and error come back through `output`
        ErrorPiped, ///< only standard error does
        Inherited,
    };
    Output output = Output::Piped;
    bool ownGroup = true; ///< a process group of its own, so that its children stop with it
};

struct Child
{
    pid_t pid = -1;
    net::Fd output; ///< non-blocking read end; closed when nothing is piped
};

/// Forks and executes. The child dies with the calling *thread* (PR_SET_PDEATHSIG), which
/// therefore has to be one that never ends. Thread: the supervisor's main thread.
/// @return NotFound or PermissionDenied with the program's name when it cannot be executed.
Result<Child> spawn(const ChildSpec& spec);

/// "exit code 3" or "signal 9 (Killed)" for a status of waitpid().
std::string describeExit(int waitStatus);

} // namespace meshyard::supervisor
