// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/output_buffer.h"

#include <algorithm>

namespace meshyard::net {

void OutputBuffer::append(std::string_view bytes)
{
    // Moving the rest down costs less than growing once half the storage is spent.
    if (m_head > 0 && m_head >= m_bytes.size() / 2) {
        m_bytes.erase(0, m_head);
        m_head = 0;
    }
    m_bytes.append(bytes);
}

void OutputBuffer::consume(std::size_t count)
{
    m_head += std::min(count, size());
    if (isEmpty())
        clear();
}

void OutputBuffer::clear()
{
    std::string().swap(m_bytes);
    m_head = 0;
}

} // namespace meshyard::net
