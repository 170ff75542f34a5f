// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/fd.h"

#include <string>
#include <utility>
#include <vector>

namespace meshyard::supervisor {

/// A block 127.B.0.0/14 that no other mesh of this host uses, held by an abstract Unix socket for
/// as long as the object lives.
class CaptureBlock final
{
public:
    /// @return ResourceExhausted when all 59 blocks are taken.
    static Result<CaptureBlock> claim();

    const std::string& base() const { return m_base; }

private:
    CaptureBlock(std::string base, net::Fd lock);

    std::string m_base;
    net::Fd m_lock;
};

using HostNames = std::pair<std::string, std::vector<std::string>>; // address, names

/// The private /etc/hosts: the host's own lines, then ours.
std::string renderHosts(const std::string& systemHosts, const std::vector<HostNames>& entries);

/// Rewrites a file that is bind-mounted elsewhere: same inode, no moment at which it is empty.
Result<void> rewriteInPlace(const std::string& path, const std::string& text);

/// Puts the calling process into a user and mount namespace of its own in which `hostsPath` is
/// /etc/hosts. Only system calls: fit for a forked child.
/// @return 0, or the errno of what failed.
int enterCaptureNamespace(const char* hostsPath, unsigned uid, unsigned gid);

/// Tries capture (a) in a child, so that it is known before the first program starts.
bool captureWorks(const std::string& scratchDir);

} // namespace meshyard::supervisor
