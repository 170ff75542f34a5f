// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/http/message.h"
#include "embedded-mesh/net/event_loop.h"
#include "embedded-mesh/net/socket_address.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

namespace meshyard::http {

class ClientSession;

struct ClientRequest
{
    std::string method = "GET";
    std::string target = "/"; // origin-form
    std::string host; // of the Host field
    HeaderList headers;
    std::string body; // a Content-Length is sent when it is not empty, or for POST and PUT
    Duration timeout = std::chrono::seconds(15); // of the whole exchange
};

struct ClientOptions
{
    std::size_t maxIdlePerAddress = 64;
    std::size_t maxBody = 16 * 1024 * 1024;
    Duration idleTimeout = std::chrono::seconds(30);
};

/// Small asynchronous HTTP/1.1 client with a keep-alive pool (last used, first reused).
///
/// Errors: Unavailable (no connection, or it broke), DeadlineExceeded, Internal (a malformed
/// answer), ResourceExhausted (body too large). A reused connection that dies before any answer is
/// replaced once, for idempotent methods.
/// Thread: its loop's.
class HttpClient final
{
public:
    using Callback = std::function<void(Result<Response>)>;

    explicit HttpClient(net::EventLoop& loop, const ClientOptions& options = {});
    /// Callbacks still open are dropped.
    ~HttpClient();
    HttpClient(const HttpClient&) = delete;
    HttpClient& operator=(const HttpClient&) = delete;

    /// The callback comes from the loop, never from inside this call.
    void send(const net::SocketAddress& address, ClientRequest request, Callback callback);

    std::size_t inFlight() const { return m_busy.size(); }
    std::size_t idleConnections() const;

private:
    friend class ClientSession;
    using SessionPtr = std::shared_ptr<ClientSession>;

    void begin(SessionPtr session, ClientRequest request, Callback callback);
    void release(ClientSession& session);
    void remove(ClientSession& session);
    void discard(SessionPtr session);
    void failLater(Callback callback, Error error);

    net::EventLoop& m_loop;
    const ClientOptions m_options;
    std::shared_ptr<bool> m_alive; // for what waits in the loop
    std::map<ClientSession*, SessionPtr> m_busy;
    std::map<std::string, std::vector<SessionPtr>> m_idle; // by address; newest last
};

} // namespace meshyard::http
