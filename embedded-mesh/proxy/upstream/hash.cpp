// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/hash.h"

#include <array>
#include <bit>
#include <cstring>

namespace meshyard::proxy {

namespace {

static_assert(std::endian::native == std::endian::little, "both hashes read little-endian words");

constexpr std::uint64_t kPrime1 = 0x9E3779B185EBCA87ULL;
constexpr std::uint64_t kPrime2 = 0xC2B2AE3D27D4EB4FULL;
constexpr std::uint64_t kPrime3 = 0x165667B19E3779F9ULL;
constexpr std::uint64_t kPrime4 = 0x85EBCA77C2B2AE63ULL;
constexpr std::uint64_t kPrime5 = 0x27D4EB2F165667C5ULL;

template <typename Word> Word read(const char* at)
{
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

std::uint64_t round(std::uint64_t lane, std::uint64_t input)
{
    return std::rotl(lane + input * kPrime2, 31) * kPrime1;
}

std::uint64_t merge(std::uint64_t hash, std::uint64_t lane)
{
    return (hash ^ round(0, lane)) * kPrime1 + kPrime4;
}

/// Consumes whole stripes of 32 bytes.
std::uint64_t hashStripes(std::string_view& text, std::uint64_t seed)
{
    std::array<std::uint64_t, 4> lanes{
        seed + kPrime1 + kPrime2, seed + kPrime2, seed, seed - kPrime1};
    while (text.size() >= 32) {
        for (std::size_t i = 0; i < lanes.size(); ++i)
            lanes[i] = round(lanes[i], read<std::uint64_t>(text.data() + 8 * i));
        text.remove_prefix(32);
    }
    std::uint64_t hash = std::rotl(lanes[0], 1) + std::rotl(lanes[1], 7) + std::rotl(lanes[2], 12)
        + std::rotl(lanes[3], 18);
    for (const std::uint64_t lane : lanes)
        hash = merge(hash, lane);
    return hash;
}

} // namespace

std::uint64_t xxHash64(std::string_view text, std::uint64_t seed)
{
    const std::size_t length = text.size();
    std::uint64_t hash = length >= 32 ? hashStripes(text, seed) : seed + kPrime5;
    hash += length;
    for (; text.size() >= 8; text.remove_prefix(8))
        hash = std::rotl(hash ^ round(0, read<std::uint64_t>(text.data())), 27) * kPrime1 + kPrime4;
    if (text.size() >= 4) {
        hash = std::rotl(hash ^ (read<std::uint32_t>(text.data()) * kPrime1), 23) * kPrime2
            + kPrime3;
        text.remove_prefix(4);
    }
    for (const char byte : text)
        hash = std::rotl(hash ^ (static_cast<unsigned char>(byte) * kPrime5), 11) * kPrime1;
    hash = (hash ^ (hash >> 33)) * kPrime2;
    hash = (hash ^ (hash >> 29)) * kPrime3;
    return hash ^ (hash >> 32);
}

std::uint64_t murmurHash2(std::string_view text, std::uint64_t seed)
{
    constexpr std::uint64_t kMultiplier = 0xc6a4a7935bd1e995ULL;
    const auto mixed = [](std::uint64_t value) { return value ^ (value >> 47); };
    std::uint64_t hash = seed ^ (text.size() * kMultiplier);
    for (; text.size() >= 8; text.remove_prefix(8)) {
        hash ^= mixed(read<std::uint64_t>(text.data()) * kMultiplier) * kMultiplier;
        hash *= kMultiplier;
    }
    if (!text.empty()) {
        std::uint64_t tail = 0;
        std::memcpy(&tail, text.data(), text.size());
        hash = (hash ^ tail) * kMultiplier;
    }
    return mixed(mixed(hash) * kMultiplier);
}

} // namespace meshyard::proxy
