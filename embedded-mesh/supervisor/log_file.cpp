// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace meshyard::supervisor {

LogFile::LogFile(std::string path, std::size_t limit)
    : m_path(std::move(path))
    , m_limit(limit)
{
    open();
}

void LogFile::open()
{
    m_fd.reset(::open(m_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    struct stat info{};
    m_size = m_fd.isOpen() && ::fstat(m_fd.get(), &info) == 0
        ? static_cast<std::size_t>(info.st_size)
        : 0;
}

void LogFile::append(std::string_view text)
{
    if (m_size + text.size() > m_limit && m_size > 0) {
        std::rename(m_path.c_str(), (m_path + ".1").c_str());
        open();
    }
    if (m_fd.isOpen() && ::write(m_fd.get(), text.data(), text.size()) > 0)
        m_size += text.size();
}

} // namespace meshyard::supervisor
