// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace meshyard::fuzz {

inline std::string_view textOf(const std::uint8_t* data, std::size_t size)
{
    return {reinterpret_cast<const char*>(data), size};
}

/// Ends the process, so that the fuzzer keeps the input: an invariant is broken.
inline void require(bool holds, const char* invariant)
{
    if (holds)
        return;
    std::fprintf(stderr, "broken: %s\n", invariant);
    std::abort();
}

/// Small numbers that follow from the input: where to cut, which way to take.
class Choices final
{
public:
    explicit Choices(std::string_view input)
    {
        for (const char c : input)
            m_state = (m_state ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    }
    /// 0 to below - 1.
    std::size_t next(std::size_t below)
    {
        m_state ^= m_state >> 12;
        m_state ^= m_state << 25;
        m_state ^= m_state >> 27;
        return below == 0
            ? 0
            : static_cast<std::size_t>((m_state * 0x2545f4914f6cdd1dULL) >> 33) % below;
    }

private:
    std::uint64_t m_state = 0xcbf29ce484222325ULL;
};

} // namespace meshyard::fuzz
