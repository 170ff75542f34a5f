// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/store/data_dir_lock.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace meshyard::control_plane {

DataDirLock::DataDirLock(net::Fd fd)
    : m_fd(std::move(fd))
{
}

Result<DataDirLock> DataDirLock::acquire(const std::string& dir)
{
    std::error_code error;
    std::filesystem::create_directories(dir, error);
    const std::string path = dir + "/meshyardd.lock";
    net::Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (!fd.isOpen())
        return failure(ErrorCode::PermissionDenied,
            fmt::format("cannot write to the data folder {}: {}; choose another with --data-dir",
                dir, error ? error.message() : std::strerror(errno)));
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
        std::array<char, 32> pid{};
        const ssize_t got = ::pread(fd.get(), pid.data(), pid.size() - 1, 0);
        const std::string owner = got > 0 ? std::string(pid.data()) : "unknown";
        return failure(ErrorCode::FailedPrecondition,
            fmt::format("another meshyardd (pid {}) serves {}; stop it or choose another folder "
                        "with --data-dir",
                owner, dir));
    }
    const std::string pid = std::to_string(::getpid());
    if (::ftruncate(fd.get(), 0) != 0
        || ::pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
        return failure(ErrorCode::PermissionDenied,
            fmt::format("cannot write {}: {}", path, std::strerror(errno)));
    return DataDirLock(std::move(fd));
}

} // namespace meshyard::control_plane
