// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/resident_code.h"

#include <link.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace meshyard::proxy {

namespace {

int dropSegments(dl_phdr_info* object, std::size_t /*size*/, void* /*data*/)
{
    const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const auto& segment = object->dlpi_phdr[i];
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0)
            continue;
        const std::uintptr_t begin = (object->dlpi_addr + segment.p_vaddr + page - 1) & ~(page - 1);
        const std::uintptr_t end
            = (object->dlpi_addr + segment.p_vaddr + segment.p_memsz) & ~(page - 1);
        if (end > begin)
            ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
    }
    return 0;
}

} // namespace

void dropStartupCode()
{
    ::dl_iterate_phdr(dropSegments, nullptr);
}

} // namespace meshyard::proxy
