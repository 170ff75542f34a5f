// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// What came back, framing taken off.
struct WireReply
{
    int status = 0; // 0 = the connection ended without a whole answer
    std::string head;
    std::string body;

    std::optional<std::string> header(std::string_view lowerName) const;
    bool isFrom(std::string_view upstream) const { return header("x-upstream") == upstream; }
};

/// Blocking HTTP/1.1 client that shows the bytes as they are; each wait ends after 10 s.
class WireClient
{
public:
    /// @param from address to call from; nullptr = any.
    explicit WireClient(
        std::uint16_t port, const char* address = "127.0.0.1", const char* from = nullptr);
    virtual ~WireClient();
    WireClient(const WireClient&) = delete;
    WireClient& operator=(const WireClient&) = delete;

    bool isConnected() const { return m_fd >= 0; }
    bool send(std::string_view bytes);
    /// Next whole response. @param method HEAD responses have no body.
    WireReply receive(std::string_view method = "GET");
    /// Everything until the peer closes.
    std::string receiveAll();
    std::string receiveBytes(std::size_t count);
    virtual void finishWriting();

protected:
    /// As recv() and send(), whatever is between.
    virtual long readSome(char* data, std::size_t size);
    virtual long writeSome(const char* data, std::size_t size);
    int fd() const { return m_fd; }

private:
    bool readMore();

    int m_fd = -1;
    std::string m_buffer;
};

/// One request on a connection of its own.
WireReply fetch(std::uint16_t port, std::string_view target, std::string_view headers = {});
/// POST with a body.
WireReply post(std::uint16_t port, std::string_view target, std::string_view body);
