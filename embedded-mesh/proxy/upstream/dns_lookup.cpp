// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/dns_lookup.h"

#include "embedded-mesh/net/fd.h"

#include <ares.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <mutex>

namespace meshyard::proxy {

namespace {

struct Question
{
    std::string host;
    DnsLookup::Callback callback;
};

Result<DnsAnswer> answerOf(const std::string& host, int status, const ares_addrinfo* found)
{
    if (status != ARES_SUCCESS)
        return failure(
            ErrorCode::Unavailable, "cannot resolve '" + host + "': " + ::ares_strerror(status));
    DnsAnswer answer;
    for (const ares_addrinfo_node* node = found->nodes; node != nullptr; node = node->ai_next) {
        answer.addresses.push_back(
            net::SocketAddress::fromSockaddr(node->ai_addr, node->ai_addrlen));
        const std::chrono::seconds ttl(node->ai_ttl);
        if (ttl.count() > 0)
            answer.ttl = std::min(answer.ttl.value_or(ttl), ttl);
    }
    return answer;
}

/// /etc/hosts first, then the name servers; every address as it comes.
void setUp(ares_channel& channel, const std::string& servers)
{
    ares_options options{};
    options.lookups = const_cast<char*>("fb"); // c-ares copies it
    options.timeout = 2000; // ms, of the first try
    options.tries = 2;
    constexpr int kGiven = ARES_OPT_LOOKUPS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES;
    if (::ares_init_options(&channel, &options, kGiven) != ARES_SUCCESS)
        channel = nullptr;
    else if (!servers.empty())
        ::ares_set_servers_ports_csv(channel, servers.c_str());
}

} // namespace

class DnsLookup::Shared final : public std::enable_shared_from_this<Shared>
{
public:
    Shared(net::EventLoop& loop, std::string servers)
        : m_loop(loop)
        , m_servers(std::move(servers))
        , m_doorbell(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    {
    }

    void ask(Question question)
    {
        {
            const std::lock_guard lock(m_mutex);
            m_questions.push_back(std::move(question));
        }
        ring();
    }

    void stop()
    {
        {
            const std::lock_guard lock(m_mutex);
            m_stopping = true;
        }
        ring();
    }

    void run()
    {
        ares_channel channel = nullptr;
        setUp(channel, m_servers);
        while (takeQuestions(channel))
            waitAndProcess(channel);
        if (channel != nullptr)
            ::ares_destroy(channel); // open questions end as destroyed; nobody listens any more
    }

private:
    struct Asked
    {
        std::shared_ptr<Shared> shared;
        Question question;
    };

    void ring()
    {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(m_doorbell.get(), &one, sizeof one);
    }

    /// @return false = to end.
    bool takeQuestions(ares_channel channel)
    {
        std::vector<Question> questions;
        {
            const std::lock_guard lock(m_mutex);
            if (m_stopping)
                return false;
            questions.swap(m_questions);
        }
        ares_addrinfo_hints hints{};
        hints.ai_family = AF_UNSPEC;
        hints.ai_socktype = SOCK_STREAM;
        hints.ai_flags = ARES_AI_NOSORT;
        for (Question& question : questions) {
            if (channel == nullptr) {
                deliver(std::move(question),
                    failure(ErrorCode::Internal, "the resolver cannot be set up"));
                continue;
            }
            auto asked = std::make_unique<Asked>(Asked{shared_from_this(), std::move(question)});
            const std::string host = asked->question.host;
            ::ares_getaddrinfo(channel, host.c_str(), nullptr, &hints, &onAnswer, asked.release());
        }
        return true;
    }

    static void onAnswer(void* argument, int status, int /*timeouts*/, ares_addrinfo* found)
    {
        const std::unique_ptr<Asked> asked(static_cast<Asked*>(argument));
        const std::unique_ptr<ares_addrinfo, decltype(&::ares_freeaddrinfo)> owner(
            found, &::ares_freeaddrinfo);
        if (status == ARES_EDESTRUCTION)
            return;
        auto answer = answerOf(asked->question.host, status, found);
        asked->shared->deliver(std::move(asked->question), std::move(answer));
    }

    void deliver(Question question, Result<DnsAnswer> answer)
    {
        m_loop.post([self = shared_from_this(), question = std::move(question),
                        answer = std::move(answer)] {
            {
                const std::lock_guard lock(self->m_mutex);
                if (self->m_stopping)
                    return;
            }
            question.callback(answer);
        });
    }

    void waitAndProcess(ares_channel channel)
    {
        std::array<ares_socket_t, ARES_GETSOCK_MAXNUM> sockets{};
        const int bits = channel == nullptr
            ? 0
            : ::ares_getsock(channel, sockets.data(), static_cast<int>(sockets.size()));
        std::vector<pollfd> watched{{m_doorbell.get(), POLLIN, 0}};
        for (std::size_t i = 0; i < sockets.size(); ++i) {
            short events = 0;
            if (ARES_GETSOCK_READABLE(bits, i))
                events |= POLLIN;
            if (ARES_GETSOCK_WRITABLE(bits, i))
                events |= POLLOUT;
            if (events != 0)
                watched.push_back({sockets[i], events, 0});
        }
        timeval limit{};
        int milliseconds = -1;
        if (channel != nullptr && ::ares_timeout(channel, nullptr, &limit) != nullptr)
            milliseconds = static_cast<int>(limit.tv_sec * 1000 + limit.tv_usec / 1000) + 1;
        ::poll(watched.data(), watched.size(), milliseconds);
        std::uint64_t rings = 0;
        [[maybe_unused]] const auto got = ::read(m_doorbell.get(), &rings, sizeof rings);
        if (channel == nullptr)
            return;
        for (std::size_t i = 1; i < watched.size(); ++i) {
            const bool reads = (watched[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
            const bool writes = (watched[i].revents & POLLOUT) != 0;
            ::ares_process_fd(channel, reads ? watched[i].fd : ARES_SOCKET_BAD,
                writes ? watched[i].fd : ARES_SOCKET_BAD);
        }
        ::ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); // its timeouts
    }

    net::EventLoop& m_loop;
    const std::string m_servers;
    const net::Fd m_doorbell;
    std::mutex m_mutex; // guards the two below
    std::vector<Question> m_questions;
    bool m_stopping = false;
};

DnsLookup::DnsLookup(net::EventLoop& loop, std::string servers)
    : m_shared(std::make_shared<Shared>(loop, std::move(servers)))
    , m_thread([shared = m_shared] { shared->run(); })
{
}

DnsLookup::~DnsLookup()
{
    m_shared->stop();
    m_thread.join();
}

void DnsLookup::resolve(const std::string& host, Callback callback)
{
    m_shared->ask({host, std::move(callback)});
}

} // namespace meshyard::proxy
