// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/host_resolver.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace meshyard::net {

namespace {

std::string keyOf(const HostPort& target)
{
    return target.host + ":" + std::to_string(target.port);
}

} // namespace

struct HostResolver::Shared
{
    std::mutex mutex; // guards all below
    std::condition_variable wakeUp;
    std::deque<HostPort> queue;
    HostResolver* owner = nullptr; // null once the resolver is going
};

HostResolver::HostResolver(EventLoop& loop, Duration keepFor)
    : m_loop(loop)
    , m_keepFor(keepFor)
    , m_shared(std::make_shared<Shared>())
{
    m_shared->owner = this;
    std::thread([&postTo = m_loop, shared = m_shared] {
        std::unique_lock lock(shared->mutex);
        for (;;) {
            shared->wakeUp.wait(
                lock, [&] { return shared->owner == nullptr || !shared->queue.empty(); });
            if (shared->owner == nullptr)
                return;
            const HostPort target = shared->queue.front();
            shared->queue.pop_front();
            lock.unlock();
            auto answer = net::resolve(target.host, target.port).map([](const auto& addresses) {
                return addresses.front();
            });
            lock.lock();
            if (shared->owner == nullptr)
                return;
            postTo.post([shared, target, answer = std::move(answer)] {
                if (shared->owner != nullptr) // only the loop's thread ever clears it
                    shared->owner->finish(target, answer);
            });
        }
    }).detach(); // a lookup of a dead name server must not hold up an exit; it sees owner cleared
}

HostResolver::~HostResolver()
{
    {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->owner = nullptr;
    }
    m_shared->wakeUp.notify_one();
}

void HostResolver::resolve(const HostPort& target, Callback callback)
{
    if (const auto literal = SocketAddress::fromIp(target.host, target.port))
        return callback(literal);
    const std::string key = keyOf(target);
    const auto known = m_known.find(key);
    if (known != m_known.end() && m_loop.now() < known->second.until)
        return callback(known->second.address);
    std::vector<Callback>& waiting = m_waiting[key];
    waiting.push_back(std::move(callback));
    if (waiting.size() > 1)
        return;
    {
        const std::lock_guard lock(m_shared->mutex);
        m_shared->queue.push_back(target);
    }
    m_shared->wakeUp.notify_one();
}

void HostResolver::forget(const HostPort& target)
{
    m_known.erase(keyOf(target));
}

void HostResolver::finish(const HostPort& target, const Result<SocketAddress>& answer)
{
    const std::string key = keyOf(target);
    if (answer)
        m_known[key] = {*answer, m_loop.now() + m_keepFor};
    const auto waiting = m_waiting.extract(key);
    if (waiting.empty())
        return;
    for (const Callback& callback : waiting.mapped())
        callback(answer);
}

} // namespace meshyard::net
