// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/result.h"
#include "embedded-mesh/net/fd.h"

#include <string>

namespace meshyard::control_plane {

/// Makes sure that one control plane serves a data folder; ends with the process at the latest.
class DataDirLock final
{
public:
    /// Creates the folder (0700) when it is missing.
    /// @return FailedPrecondition naming the other process, PermissionDenied for the folder.
    static Result<DataDirLock> acquire(const std::string& dir);

private:
    explicit DataDirLock(net::Fd fd);

    net::Fd m_fd;
};

} // namespace meshyard::control_plane
