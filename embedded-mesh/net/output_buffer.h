// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace meshyard::net {

/// Bytes accepted but not yet taken by the kernel. Owns memory only while it holds something.
class OutputBuffer final
{
public:
    /// Above the first mark stop reading the source, at the second start again.
    static constexpr std::size_t kHighMark = 256 * 1024;
    static constexpr std::size_t kLowMark = 128 * 1024;

    void append(std::string_view bytes);
    void consume(std::size_t count);
    void clear();

    std::string_view pending() const { return std::string_view(m_bytes).substr(m_head); }
    std::size_t size() const { return m_bytes.size() - m_head; }
    bool isEmpty() const { return size() == 0; }

private:
    std::string m_bytes;
    std::size_t m_head = 0;
};

} // namespace meshyard::net
