// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/net/tls_client_hello.h"
#include "embedded-mesh/proxy/route/listener_spec.h"
#include "embedded-mesh/proxy/worker_context.h"

namespace meshyard::proxy {

/// What the first bytes of a connection say.
struct FirstBytes
{
    bool isTls = false;
    net::ClientHello hello; // of a plain connection: alpn "http/1.1", "h2c" or nothing
};

/// An accepted connection whose first bytes are looked at, not taken, to find its filter chain.
///
/// Thread: its worker's.
class Inspection final : public Disposable, private net::IoHandler
{
public:
    class Owner
    {
    public:
        virtual ~Owner() = default;

        /// The inspection may be disposed of.
        virtual void onInspected(Inspection& inspection, net::Fd fd, const FirstBytes& bytes) = 0;
        /// Nothing to be served: it ended, broke the rules, or took too long.
        virtual void onInspectionFailed(Inspection& inspection) = 0;
    };

    Inspection(WorkerContext& context, Owner& owner, const ListenerSpec& spec, net::Fd fd);
    ~Inspection() override;

    Result<void> start();

private:
    enum class Verdict : std::uint8_t { Wait, Serve, Refuse };

    void onIo(std::uint32_t events) override;
    void onTimeout();
    Verdict look(std::string_view bytes);
    void finish(Verdict verdict);

    net::EventLoop& m_loop;
    Owner& m_owner; // outlives us
    net::Fd m_fd;
    net::Timer m_timer;
    FirstBytes m_first;
    const Duration m_timeout;
    const bool m_looksForHttp;
    const bool m_servesAnyway;
    bool m_done = false;
};

} // namespace meshyard::proxy
