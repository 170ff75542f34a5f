// SPDX-License-Identifier: GPL-3.0-or-later
//
// A keep-alive HTTP/1.1 server that answers every GET with the same bytes as cheaply as it can.
// Usage: bench_upstream [BODY_BYTES]. Prints its port on the first line; dies with its parent.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

/// Counts the request heads in what was read; a head split over two reads is finished later.
class HeadCounter
{
public:
    int feed(std::string_view data)
    {
        constexpr std::string_view end = "\r\n\r\n";
        int heads = 0;
        for (const char c : data) {
            m_matched = c == end[m_matched] ? m_matched + 1 : (c == '\r' ? 1U : 0U);
            if (m_matched == end.size()) {
                ++heads;
                m_matched = 0;
            }
        }
        return heads;
    }

private:
    std::size_t m_matched = 0;
};

void serve(int fd, HeadCounter& counter, const std::string& answer, std::string& out)
{
    std::array<char, 65536> buffer; // NOLINT: filled by recv
    const ssize_t n = recv(fd, buffer.data(), buffer.size(), 0);
    if (n <= 0) {
        close(fd);
        counter = {};
        return;
    }
    out.clear();
    const int heads = counter.feed({buffer.data(), static_cast<std::size_t>(n)});
    for (int i = 0; i < heads; ++i)
        out += answer;
    std::size_t sent = 0;
    while (sent < out.size()) {
        const ssize_t w = send(fd, out.data() + sent, out.size() - sent, MSG_NOSIGNAL);
        if (w <= 0)
            return;
        sent += static_cast<std::size_t>(w);
    }
}

} // namespace

int main(int argc, char** argv)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::size_t size = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1024;
    const std::string answer = "HTTP/1.1 200 OK\r\nserver: bench\r\ncontent-type: text/plain\r\n"
                               "cache-control: no-store\r\ncontent-length: "
        + std::to_string(size) + "\r\n\r\n" + std::string(size, 'x');
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener, generic, length) != 0 || listen(listener, 1024) != 0)
        return 1;
    getsockname(listener, generic, &length);
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);

    const int poll = epoll_create1(EPOLL_CLOEXEC);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = listener;
    epoll_ctl(poll, EPOLL_CTL_ADD, listener, &event);
    static std::array<HeadCounter, 65536> counters;
    std::array<epoll_event, 256> ready{};
    std::string out;
    for (;;) {
        const int n = epoll_wait(poll, ready.data(), static_cast<int>(ready.size()), -1);
        for (int i = 0; i < n; ++i) {
            const int fd = ready[static_cast<std::size_t>(i)].data.fd;
            if (fd != listener) {
                serve(fd, counters[static_cast<std::size_t>(fd)], answer, out);
                continue;
            }
            const int accepted = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
            if (accepted < 0)
                continue;
            const int on = 1;
            setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            event.data.fd = accepted;
            epoll_ctl(poll, EPOLL_CTL_ADD, accepted, &event);
        }
    }
}
