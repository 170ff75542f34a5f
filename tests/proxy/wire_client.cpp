// SPDX-License-Identifier: GPL-3.0-or-later
#include "wire_client.h"

#include "embedded-mesh/http/body_decoder.h"
#include "embedded-mesh/http/head_parser.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>

using namespace meshyard;

std::optional<std::string> WireReply::header(std::string_view lowerName) const
{
    http::ResponseHead parsed;
    if (!http::HeadParser().parseResponse(head, http::Method::Get, parsed).isComplete())
        return std::nullopt;
    const auto value = parsed.find(lowerName);
    return value ? std::optional<std::string>(*value) : std::nullopt;
}

WireClient::WireClient(std::uint16_t port, const char* ip, const char* from)
    : m_fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
    const timeval limit{10, 0};
    ::setsockopt(m_fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(m_fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    const int on = 1;
    ::setsockopt(m_fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    if (from != nullptr) {
        ::inet_pton(AF_INET, from, &address.sin_addr);
        ::bind(m_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
    address.sin_port = htons(port);
    ::inet_pton(AF_INET, ip, &address.sin_addr);
    if (::connect(m_fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        ::close(m_fd);
        m_fd = -1;
    }
}

WireClient::~WireClient()
{
    if (m_fd >= 0)
        ::close(m_fd);
}

bool WireClient::send(std::string_view bytes)
{
    while (!bytes.empty()) {
        const long sent = writeSome(bytes.data(), bytes.size());
        if (sent <= 0)
            return false;
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
}

long WireClient::readSome(char* data, std::size_t size)
{
    return ::recv(m_fd, data, size, 0);
}

long WireClient::writeSome(const char* data, std::size_t size)
{
    return ::send(m_fd, data, size, MSG_NOSIGNAL);
}

bool WireClient::readMore()
{
    std::array<char, 65536> chunk;
    const long got = readSome(chunk.data(), chunk.size());
    if (got <= 0)
        return false;
    m_buffer.append(chunk.data(), static_cast<std::size_t>(got));
    return true;
}

WireReply WireClient::receive(std::string_view method)
{
    http::ResponseHead head;
    for (;;) {
        const auto parsed
            = http::HeadParser().parseResponse(m_buffer, http::knownMethod(method), head);
        if (parsed.isInvalid())
            return {};
        if (parsed.isComplete() && head.isInterim())
            m_buffer.erase(0, head.size());
        else if (parsed.isComplete())
            break;
        else if (!readMore())
            return {};
    }
    WireReply reply;
    reply.head = m_buffer.substr(0, head.size());
    const int status = head.status();
    http::BodyDecoder body(head.framing());
    m_buffer.erase(0, head.size());
    while (!body.isDone()) {
        std::size_t consumed = 0;
        while (consumed < m_buffer.size() && !body.isDone()) {
            const auto step = body.next(std::string_view(m_buffer).substr(consumed));
            if (step.consumed == 0)
                break;
            reply.body.append(step.data);
            consumed += step.consumed;
        }
        m_buffer.erase(0, consumed);
        if (body.isDone())
            break;
        if (body.state() == http::BodyDecoder::State::Invalid || !readMore()) {
            if (!body.finish())
                return {};
            break;
        }
    }
    reply.status = status;
    return reply;
}

std::string WireClient::receiveAll()
{
    while (readMore()) { }
    return std::move(m_buffer);
}

std::string WireClient::receiveBytes(std::size_t count)
{
    while (m_buffer.size() < count && readMore()) { }
    std::string bytes = m_buffer.substr(0, count);
    m_buffer.erase(0, bytes.size());
    return bytes;
}

void WireClient::finishWriting()
{
    ::shutdown(m_fd, SHUT_WR);
}

WireReply fetch(std::uint16_t port, std::string_view target, std::string_view headers)
{
    WireClient client(port);
    std::string request = "GET " + std::string(target) + " HTTP/1.1\r\n";
    if (headers.find("Host:") == std::string_view::npos)
        request += "Host: test\r\n";
    request.append(headers).append("\r\n");
    return client.send(request) ? client.receive() : WireReply{};
}

WireReply post(std::uint16_t port, std::string_view target, std::string_view body)
{
    WireClient client(port);
    client.send("POST " + std::string(target)
        + " HTTP/1.1\r\nHost: test\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n");
    return client.send(body) ? client.receive() : WireReply{};
}
