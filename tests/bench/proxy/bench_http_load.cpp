// SPDX-License-Identifier: GPL-3.0-or-later
//
// Closed-loop or paced HTTP/1.1 load on keep-alive connections.
// Usage: bench_http_load PORT SECONDS CONNECTIONS [RATE]. RATE 0 = as fast as answers come; else
// requests per second over all connections, timed from their due time (no coordinated omission).
// Prints one JSON line: requests, errors, seconds, p50_us, p99_us.

#include "embedded-mesh/core/latency_sketch.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kRequest
    = "GET /bench?id=42 HTTP/1.1\r\nHost: bench\r\n"
      "User-Agent: meshyard-bench/1.0\r\nAccept: */*\r\n"
      "Accept-Language: en\r\nX-Trace: 0123456789abcdef0123456789abcdef\r\n"
      "Cookie: session=0123456789abcdef0123456789abcdef\r\n\r\n";

struct Connection
{
    int fd = -1;
    bool busy = false;
    Clock::time_point due{};
    std::string head; // until the head is whole
    std::size_t bodyLeft = 0;
    bool inBody = false;
};

class Load
{
public:
    Load(std::uint16_t port, std::size_t connections, double rate)
        : m_rate(rate)
        , m_poll(epoll_create1(EPOLL_CLOEXEC))
        , m_connections(connections)
    {
        m_address.sin_family = AF_INET;
        m_address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        m_address.sin_port = htons(port);
        for (std::size_t i = 0; i < connections; ++i)
            dial(i);
    }

    void run(std::chrono::duration<double> length)
    {
        m_start = Clock::now();
        const auto end = m_start + std::chrono::duration_cast<Clock::duration>(length);
        m_nextDue = m_start;
        if (m_rate <= 0) {
            for (Connection& connection : m_connections)
                ask(connection, m_start);
        }
        std::array<epoll_event, 256> ready{};
        while (Clock::now() < end) {
            const int n = epoll_wait(m_poll, ready.data(), static_cast<int>(ready.size()), wait());
            for (int i = 0; i < n; ++i)
                read(ready[static_cast<std::size_t>(i)].data.u64);
            pace();
        }
        m_seconds = std::chrono::duration<double>(Clock::now() - m_start).count();
    }

    void print() const
    {
        std::printf("{\"requests\":%llu,\"errors\":%llu,\"seconds\":%.3f,\"p50_us\":%.0f,\"p99_"
                    "us\":%.0f}\n",
            static_cast<unsigned long long>(m_sketch.count()),
            static_cast<unsigned long long>(m_errors), m_seconds,
            m_sketch.quantileMicros(0.5).value_or(0), m_sketch.quantileMicros(0.99).value_or(0));
    }

private:
    void dial(std::size_t index)
    {
        Connection& connection = m_connections[index];
        connection = {};
        connection.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(connection.fd, reinterpret_cast<sockaddr*>(&m_address), sizeof m_address)
            != 0) {
            ++m_errors;
            close(connection.fd);
            connection.fd = -1;
            return;
        }
        const int on = 1;
        setsockopt(connection.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = index;
        epoll_ctl(m_poll, EPOLL_CTL_ADD, connection.fd, &event);
    }

    void ask(Connection& connection, Clock::time_point due)
    {
        if (connection.fd < 0)
            return;
        connection.busy = true;
        connection.due = due;
        connection.head.clear();
        connection.inBody = false;
        if (send(connection.fd, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) < 0)
            ++m_errors;
    }

    int wait() const
    {
        if (m_rate <= 0)
            return 10;
        const auto left = m_nextDue - Clock::now();
        return left.count() <= 0 ? 0 : 1;
    }

    void pace()
    {
        if (m_rate <= 0)
            return;
        const auto step = std::chrono::duration_cast<Clock::duration>(
            std::chrono::duration<double>(1.0 / m_rate));
        while (m_nextDue <= Clock::now()) {
            Connection* idle = nullptr;
            for (std::size_t i = 0; i < m_connections.size() && !idle; ++i) {
                m_turn = (m_turn + 1) % m_connections.size();
                if (!m_connections[m_turn].busy)
                    idle = &m_connections[m_turn];
            }
            if (!idle)
                return; // it stays due: the wait counts as latency
            ask(*idle, m_nextDue);
            m_nextDue += step;
        }
    }

    void read(std::size_t index)
    {
        Connection& connection = m_connections[index];
        const ssize_t n = recv(connection.fd, m_buffer.data(), m_buffer.size(), 0);
        if (n <= 0) {
            ++m_errors;
            close(connection.fd);
            dial(index);
            if (m_rate <= 0)
                ask(connection, Clock::now());
            return;
        }
        consume(connection, {m_buffer.data(), static_cast<std::size_t>(n)});
    }

    void consume(Connection& connection, std::string_view data)
    {
        if (!connection.inBody) {
            connection.head.append(data);
            const std::size_t end = connection.head.find("\r\n\r\n");
            if (end == std::string::npos)
                return;
            if (connection.head.compare(9, 3, "200") != 0)
                ++m_errors;
            connection.bodyLeft = contentLength(connection.head.substr(0, end));
            connection.inBody = true;
            data = data.substr(data.size() - (connection.head.size() - end - 4));
        }
        connection.bodyLeft -= std::min(connection.bodyLeft, data.size());
        if (connection.bodyLeft > 0)
            return;
        const auto now = Clock::now();
        m_sketch.record(static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::microseconds>(now - connection.due).count()));
        connection.busy = false;
        if (m_rate <= 0)
            ask(connection, now);
    }

    static std::size_t contentLength(const std::string& head)
    {
        const char* found = strcasestr(head.c_str(), "content-length:");
        return found ? std::strtoul(found + 15, nullptr, 10) : 0;
    }

    double m_rate;
    int m_poll;
    sockaddr_in m_address{};
    std::vector<Connection> m_connections;
    std::array<char, 65536> m_buffer{};
    std::size_t m_turn = 0;
    Clock::time_point m_start;
    Clock::time_point m_nextDue;
    double m_seconds = 0;
    std::uint64_t m_errors = 0;
    meshyard::LatencySketch m_sketch;
};

} // namespace

int main(int argc, char** argv)
{
    if (argc < 4) {
        std::fprintf(stderr, "usage: bench_http_load PORT SECONDS CONNECTIONS [RATE]\n");
        return 2;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    Load load(static_cast<std::uint16_t>(std::atoi(argv[1])),
        static_cast<std::size_t>(std::max(1, std::atoi(argv[3]))),
        argc > 4 ? std::atof(argv[4]) : 0);
    load.run(std::chrono::duration<double>(std::atof(argv[2])));
    load.print();
    return 0;
}
