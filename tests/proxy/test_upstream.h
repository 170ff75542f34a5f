// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/http_server.h"
#include "embedded-mesh/net/connection.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

/// An event loop on a thread of its own.
class LoopThread
{
public:
    LoopThread();
    ~LoopThread();
    /// Runs on the loop's thread and waits.
    void call(const std::function<void()>& task);

    meshyard::SteadyClock clock;
    meshyard::net::EventLoop loop{clock, std::chrono::milliseconds(1)};

private:
    std::thread m_thread;
};

/// HTTP server behind a proxy under test: says who it is and what it got, as slowly and as badly as
/// told. A POST gets its body back.
class TestUpstream : private meshyard::http::RequestHandler
{
public:
    explicit TestUpstream(std::string name);
    ~TestUpstream() override;

    std::uint16_t port() const { return m_port; }
    int calls() const { return m_calls; }
    /// Stops listening: further connects are refused.
    void stop();

    std::atomic<int> status{200};
    std::atomic<int> delayMs{0};
    std::atomic<int> retryAfter{0};

private:
    void onRequest(
        const meshyard::http::Request& request, meshyard::http::Responder responder) override;

    const std::string m_name;
    std::atomic<int> m_calls{0};
    std::uint16_t m_port = 0;
    LoopThread m_thread;
    std::unique_ptr<meshyard::http::HttpServer> m_server; // the loop's
    std::vector<std::unique_ptr<meshyard::net::Timer>> m_timers;
};

/// Keeps what it gets and answers each piece with an empty 200.
class RecordingUpstream : private meshyard::net::Acceptor
{
public:
    RecordingUpstream();
    ~RecordingUpstream() override;
    std::uint16_t port() const { return m_port; }
    std::string bytes();

private:
    class Session;
    void onAccepted(meshyard::net::Fd fd) override;

    std::string m_bytes; // the loop's
    std::uint16_t m_port = 0;
    LoopThread m_thread;
    std::unique_ptr<meshyard::net::Listener> m_listener;
    std::vector<std::unique_ptr<Session>> m_sessions;
};

/// Answers whatever comes with the same bytes and closes; or echoes when there are none, after a
/// greeting in answer to the first bytes.
class RawUpstream : private meshyard::net::Acceptor
{
public:
    explicit RawUpstream(std::string answer, std::string greeting = {});
    ~RawUpstream() override;
    std::uint16_t port() const { return m_port; }

private:
    class Session;
    void onAccepted(meshyard::net::Fd fd) override;

    const std::string m_answer;
    const std::string m_greeting;
    std::uint16_t m_port = 0;
    LoopThread m_thread;
    std::unique_ptr<meshyard::net::Listener> m_listener;
    std::vector<std::unique_ptr<Session>> m_sessions;
};
