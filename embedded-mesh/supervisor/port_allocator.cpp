// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/port_allocator.h"

#include "embedded-mesh/net/fd.h"

#include <netinet/in.h>
#include <sys/socket.h>

namespace meshyard::supervisor {
namespace {

constexpr std::uint16_t kLowest = 17'000;
constexpr std::uint16_t kHighest = 32'500; // Linux hands out 32768 and up by itself
constexpr int kTries = 500;

bool isFree(std::uint16_t port)
{
    const net::Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    // The sockets API takes every family through one pointer type.
    return fd.isOpen()
        && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
}

} // namespace

PortAllocator::PortAllocator(std::uint32_t seed)
    : m_random(seed)
{
}

Result<std::uint16_t> PortAllocator::take()
{
    std::uniform_int_distribution<unsigned> pick(kLowest, kHighest);
    for (int i = 0; i < kTries; ++i) {
        const auto port = static_cast<std::uint16_t>(pick(m_random));
        if (!m_taken.contains(port) && isFree(port)) {
            m_taken.insert(port);
            return port;
        }
    }
    return failure(ErrorCode::ResourceExhausted, "no free loopback port between 17000 and 32500");
}

} // namespace meshyard::supervisor
