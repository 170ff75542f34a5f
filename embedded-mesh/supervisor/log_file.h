// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/fd.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace meshyard::supervisor {

/// Appends a child's output to a file of bounded size: at `limit` bytes the file becomes NAME.1.
///
/// A full disk loses lines, never the child. Thread: the supervisor's main thread.
class LogFile final
{
public:
    explicit LogFile(std::string path, std::size_t limit = 1U << 20U);

    void append(std::string_view text);
    const std::string& path() const { return m_path; }

private:
    void open();

    std::string m_path;
    std::size_t m_limit;
    std::size_t m_size = 0;
    net::Fd m_fd;
};

} // namespace meshyard::supervisor
