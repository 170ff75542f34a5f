// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace meshyard::history {

/// Appends varints (7 bits a byte, low first) and bytes to a string.
class ByteWriter final
{
public:
    void number(std::uint64_t value)
    {
        while (value >= 0x80) {
            m_bytes.push_back(static_cast<char>(static_cast<unsigned char>(value | 0x80)));
            value >>= 7U;
        }
        m_bytes.push_back(static_cast<char>(static_cast<unsigned char>(value)));
    }
    /// Small absolute values become short: 0, −1, 1, −2 … as 0, 1, 2, 3 …
    void difference(std::int64_t value)
    {
        number((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void real(double value)
    {
        char raw[sizeof(value)];
        std::memcpy(raw, &value, sizeof(value));
        m_bytes.append(raw, sizeof(raw));
    }
    void text(std::string_view value)
    {
        number(value.size());
        m_bytes.append(value);
    }
    void raw(std::string_view bytes) { m_bytes.append(bytes); }
    void byte(unsigned char value) { m_bytes.push_back(static_cast<char>(value)); }

    std::size_t size() const { return m_bytes.size(); }
    const std::string& bytes() const { return m_bytes; }
    std::string take() { return std::move(m_bytes); }

private:
    std::string m_bytes;
};

/// Reads what ByteWriter wrote. Past the end or on nonsense it says failed() and yields zeros.
class ByteReader final
{
public:
    explicit ByteReader(std::string_view bytes)
        : m_next(bytes.data())
        , m_end(bytes.data() + bytes.size())
    {
    }

    std::uint64_t number()
    {
        std::uint64_t value = 0;
        for (unsigned shift = 0; m_next != m_end && shift < 64; shift += 7) {
            const auto byte = static_cast<unsigned char>(*m_next++);
            value |= static_cast<std::uint64_t>(byte & 0x7FU) << shift;
            if (byte < 0x80)
                return value;
        }
        return fail();
    }
    std::int64_t difference()
    {
        const std::uint64_t value = number();
        return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
    }
    double real()
    {
        double value = 0;
        if (remaining() < sizeof(value))
            return static_cast<double>(fail());
        std::memcpy(&value, m_next, sizeof(value));
        m_next += sizeof(value);
        return value;
    }
    std::string_view raw(std::uint64_t size)
    {
        if (size > remaining()) {
            fail();
            return {};
        }
        const std::string_view bytes(m_next, static_cast<std::size_t>(size));
        m_next += size;
        return bytes;
    }
    std::string_view text() { return raw(number()); }
    unsigned char byte()
    {
        return m_next != m_end ? static_cast<unsigned char>(*m_next++)
                               : static_cast<unsigned char>(fail());
    }

    std::size_t remaining() const { return static_cast<std::size_t>(m_end - m_next); }
    bool atEnd() const { return m_next == m_end; }
    bool failed() const { return m_failed; }
    /// Marks the input as nonsense. @return 0.
    std::uint64_t fail()
    {
        m_failed = true;
        m_next = m_end;
        return 0;
    }

private:
    const char* m_next;
    const char* m_end;
    bool m_failed = false;
};

/// zstd level 1, with the raw size in front.
std::string compressed(std::string_view bytes);
/// Empty on nonsense; refuses more than 256 MiB.
std::string decompressed(std::string_view bytes);

} // namespace meshyard::history
