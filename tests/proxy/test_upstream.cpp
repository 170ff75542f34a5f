// SPDX-License-Identifier: GPL-3.0-or-later
#include "test_upstream.h"

#include <future>

using namespace meshyard;

LoopThread::LoopThread()
    : m_thread([this] { loop.run(); })
{
}

LoopThread::~LoopThread()
{
    loop.stop();
    m_thread.join();
}

void LoopThread::call(const std::function<void()>& task)
{
    std::promise<void> done;
    loop.post([&] {
        task();
        done.set_value();
    });
    done.get_future().wait();
}

TestUpstream::TestUpstream(std::string name)
    : m_name(std::move(name))
{
    m_thread.call([this] {
        http::ServerOptions options;
        options.maxBody = 64 * 1024 * 1024;
        m_server = *http::HttpServer::listen(
            m_thread.loop, net::SocketAddress::loopback(0), *this, options);
        m_port = m_server->address().port();
    });
}

TestUpstream::~TestUpstream()
{
    stop();
}

void TestUpstream::stop()
{
    m_thread.call([this] {
        m_server.reset();
        m_timers.clear();
    });
}

void TestUpstream::onRequest(const http::Request& request, http::Responder responder)
{
    ++m_calls;
    http::Response response;
    response.status = status;
    response.headers.emplace_back("x-upstream", m_name);
    if (retryAfter > 0)
        response.headers.emplace_back("retry-after", std::to_string(retryAfter));
    if (request.head.method() == http::Method::Post) {
        response.body = std::string(request.body);
    } else {
        response.body = std::string(request.head.methodText()) + ' '
            + std::string(request.head.target()) + '\n';
        for (const http::Field& field : request.head.fields())
            response.body += std::string(request.head.name(field)) + ": "
                + std::string(request.head.value(field)) + '\n';
    }
    if (delayMs == 0)
        return responder.send(std::move(response));
    auto later = std::make_shared<std::pair<http::Responder, http::Response>>(
        std::move(responder), std::move(response));
    m_timers.push_back(std::make_unique<net::Timer>(
        m_thread.loop.timers(), [later] { later->first.send(std::move(later->second)); }));
    m_timers.back()->armAfter(std::chrono::milliseconds(delayMs));
}

class RawUpstream::Session : public net::ConnectionHandler
{
public:
    Session(net::EventLoop& loop, const std::string& answer, const std::string& greeting)
        : io(loop, *this)
        , m_answer(answer)
        , m_greeting(greeting)
    {
    }
    void onData(std::string_view bytes) override
    {
        if (!m_greeting.empty() && !std::exchange(m_greeted, true))
            return io.write(m_greeting);
        io.write(m_answer.empty() ? bytes : std::string_view(m_answer));
        if (!m_answer.empty())
            io.finishWriting();
    }
    void onPeerFinished() override { io.finishWriting(); }
    void onClosed(const std::optional<Error>&) override { }

    net::Connection io;

private:
    const std::string& m_answer;
    const std::string& m_greeting;
    bool m_greeted = false;
};

RawUpstream::RawUpstream(std::string answer, std::string greeting)
    : m_answer(std::move(answer))
    , m_greeting(std::move(greeting))
{
    m_thread.call([this] {
        m_listener = *net::Listener::listen(m_thread.loop, *this, net::SocketAddress::loopback(0));
        m_port = m_listener->address().port();
    });
}

RawUpstream::~RawUpstream()
{
    m_thread.call([this] {
        m_sessions.clear();
        m_listener.reset();
    });
}

void RawUpstream::onAccepted(net::Fd fd)
{
    m_sessions.push_back(std::make_unique<Session>(m_thread.loop, m_answer, m_greeting));
    if (!m_sessions.back()->io.adopt(std::move(fd)))
        m_sessions.pop_back();
}

class RecordingUpstream::Session : public net::ConnectionHandler
{
public:
    Session(net::EventLoop& loop, std::string& bytes)
        : io(loop, *this)
        , m_bytes(bytes)
    {
    }
    void onData(std::string_view bytes) override
    {
        m_bytes.append(bytes);
        if (m_bytes.ends_with("\r\n\r\n"))
            io.write("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
    }
    void onPeerFinished() override { io.finishWriting(); }
    void onClosed(const std::optional<Error>&) override { }

    net::Connection io;

private:
    std::string& m_bytes;
};

RecordingUpstream::RecordingUpstream()
{
    m_thread.call([this] {
        m_listener = *net::Listener::listen(m_thread.loop, *this, net::SocketAddress::loopback(0));
        m_port = m_listener->address().port();
    });
}

RecordingUpstream::~RecordingUpstream()
{
    m_thread.call([this] {
        m_sessions.clear();
        m_listener.reset();
    });
}

std::string RecordingUpstream::bytes()
{
    std::string copy;
    m_thread.call([&] { copy = m_bytes; });
    return copy;
}

void RecordingUpstream::onAccepted(net::Fd fd)
{
    m_sessions.push_back(std::make_unique<Session>(m_thread.loop, m_bytes));
    if (!m_sessions.back()->io.adopt(std::move(fd)))
        m_sessions.pop_back();
}
