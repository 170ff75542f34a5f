// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/capture.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>

namespace meshyard::supervisor {
namespace {

constexpr int kFirstBlock = 16;
constexpr int kLastBlock = 248;
constexpr int kBlockStep = 4; // a /14 spans four second octets

net::Fd lockBlock(int block)
{
    net::Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!fd.isOpen())
        return {};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = fmt::format("meshyard-capture-{}", block);
    std::copy(name.begin(), name.end(), address.sun_path + 1); // abstract: a leading NUL
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    // The sockets API takes every family through one pointer type.
    if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0)
        return {};
    return fd;
}

bool writeSmallFile(const char* path, const char* text)
{
    const int fd = ::open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    const auto size = static_cast<ssize_t>(std::strlen(text));
    const bool written = ::write(fd, text, static_cast<std::size_t>(size)) == size;
    ::close(fd);
    return written;
}

bool mapIdentity(unsigned uid, unsigned gid)
{
    char map[64]; // no allocation between fork and exec
    std::snprintf(map, sizeof(map), "%u %u 1", uid, uid);
    if (!writeSmallFile("/proc/self/uid_map", map))
        return false;
    writeSmallFile("/proc/self/setgroups", "deny");
    std::snprintf(map, sizeof(map), "%u %u 1", gid, gid);
    return writeSmallFile("/proc/self/gid_map", map);
}

} // namespace

CaptureBlock::CaptureBlock(std::string base, net::Fd lock)
    : m_base(std::move(base))
    , m_lock(std::move(lock))
{
}

Result<CaptureBlock> CaptureBlock::claim()
{
    for (int block = kFirstBlock; block <= kLastBlock; block += kBlockStep) {
        net::Fd lock = lockBlock(block);
        if (lock.isOpen())
            return CaptureBlock(fmt::format("127.{}.0.0", block), std::move(lock));
    }
    return failure(ErrorCode::ResourceExhausted,
        "all 59 loopback blocks 127.16.0.0 to 127.251.255.255 are taken by other meshes: stop one "
        "of them");
}

std::string renderHosts(const std::string& systemHosts, const std::vector<HostNames>& entries)
{
    std::string text = systemHosts;
    if (!text.empty() && text.back() != '\n')
        text += '\n';
    for (const auto& [address, names] : entries)
        text += fmt::format("{} {}\n", address, fmt::join(names, " "));
    return text;
}

Result<void> rewriteInPlace(const std::string& path, const std::string& text)
{
    const net::Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    // One write, then the cut: a reader meets old or new lines, never an empty file.
    if (!fd.isOpen()
        || ::pwrite(fd.get(), text.data(), text.size(), 0) != static_cast<ssize_t>(text.size())
        || ::ftruncate(fd.get(), static_cast<off_t>(text.size())) != 0) {
        return failure(
            ErrorCode::Internal, fmt::format("cannot write {}: {}", path, std::strerror(errno)));
    }
    return {};
}

int enterCaptureNamespace(const char* hostsPath, unsigned uid, unsigned gid)
{
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
        if (!mapIdentity(uid, gid))
            return errno;
    } else if (::unshare(CLONE_NEWNS) != 0) { // with CAP_SYS_ADMIN, where user namespaces are off
        return errno;
    }
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0)
        return errno;
    if (::mount(hostsPath, "/etc/hosts", nullptr, MS_BIND, nullptr) != 0)
        return errno;
    return 0;
}

bool captureWorks(const std::string& scratchDir)
{
    const std::string path = scratchDir + "/capture-probe";
    if (!rewriteInPlace(path, "127.0.0.1 localhost\n"))
        return false;
    const pid_t child = ::fork();
    if (child == 0)
        ::_exit(enterCaptureNamespace(path.c_str(), ::getuid(), ::getgid()) == 0 ? 0 : 1);
    int status = -1;
    while (child > 0 && ::waitpid(child, &status, 0) < 0 && errno == EINTR) { }
    ::unlink(path.c_str());
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace meshyard::supervisor
