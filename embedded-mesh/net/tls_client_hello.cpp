// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/net/tls_client_hello.h"

#include <algorithm>
#include <utility>

namespace meshyard::net {

namespace {

using State = ClientHelloResult::State;

constexpr std::size_t kRecordHeader = 5;
constexpr std::size_t kMessageHeader = 4;
constexpr std::size_t kMaxRecord = 16 * 1024;
constexpr std::uint8_t kHandshake = 22;
constexpr std::uint8_t kClientHello = 1;
constexpr std::uint16_t kServerName = 0;
constexpr std::uint16_t kAlpn = 16;

/// Big-endian reads off a text; the first one past the end makes all later ones fail.
class Reader final
{
public:
    explicit Reader(std::string_view bytes)
        : m_bytes(bytes)
    {
    }

    std::size_t number(std::size_t width)
    {
        std::size_t value = 0;
        for (const char c : take(width))
            value = (value << 8) | static_cast<std::uint8_t>(c);
        return value;
    }
    std::string_view take(std::size_t count)
    {
        if (count > m_bytes.size()) {
            m_good = false;
            m_bytes = {};
            return {};
        }
        const std::string_view taken = m_bytes.substr(0, count);
        m_bytes.remove_prefix(count);
        return taken;
    }
    /// A vector with a length of that width in front.
    std::string_view vector(std::size_t width) { return take(number(width)); }
    bool isGood() const { return m_good; }
    bool isAtEnd() const { return m_bytes.empty(); }

private:
    std::string_view m_bytes;
    bool m_good = true;
};

bool isHostName(std::string_view name)
{
    return !name.empty() && name.size() <= 255 && std::ranges::all_of(name, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
}

bool readServerName(std::string_view extension, ClientHello& hello)
{
    Reader outer(extension);
    Reader list(outer.vector(2));
    if (!outer.isGood() || !outer.isAtEnd() || list.isAtEnd())
        return false;
    const std::size_t type = list.number(1);
    hello.serverName = list.vector(2);
    std::ranges::transform(hello.serverName, hello.serverName.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    // One name of the one type there is.
    return list.isGood() && list.isAtEnd() && type == 0 && isHostName(hello.serverName);
}

bool readAlpn(std::string_view extension, ClientHello& hello)
{
    Reader outer(extension);
    Reader list(outer.vector(2));
    if (!outer.isGood() || !outer.isAtEnd() || list.isAtEnd())
        return false;
    while (!list.isAtEnd()) {
        const std::string_view protocol = list.vector(1);
        if (!list.isGood() || protocol.empty())
            return false;
        hello.alpn.emplace_back(protocol);
    }
    return true;
}

bool readExtensions(std::string_view bytes, ClientHello& hello)
{
    Reader reader(bytes);
    bool named = false;
    bool negotiates = false;
    while (!reader.isAtEnd()) {
        const std::size_t type = reader.number(2);
        const std::string_view content = reader.vector(2);
        if (!reader.isGood())
            return false;
        if (type == kServerName && (std::exchange(named, true) || !readServerName(content, hello)))
            return false;
        if (type == kAlpn && (std::exchange(negotiates, true) || !readAlpn(content, hello)))
            return false;
    }
    return true;
}

bool readBody(std::string_view body, ClientHello& hello)
{
    Reader reader(body);
    const std::size_t version = reader.number(2);
    reader.take(32); // random
    const std::string_view session = reader.vector(1);
    const std::string_view ciphers = reader.vector(2);
    const std::string_view compression = reader.vector(1);
    if (!reader.isGood() || (version >> 8) != 3 || session.size() > 32 || ciphers.empty()
        || ciphers.size() % 2 != 0 || compression.empty())
        return false;
    if (reader.isAtEnd())
        return true; // TLS 1.2 without extensions
    const std::string_view extensions = reader.vector(2);
    return reader.isGood() && reader.isAtEnd() && readExtensions(extensions, hello);
}

State startOf(std::string_view bytes)
{
    if (bytes.empty())
        return State::NeedMore;
    const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(bytes[i]); };
    const bool tls = byte(0) == kHandshake && (bytes.size() < 2 || byte(1) == 3)
        && (bytes.size() < 3 || byte(2) <= 4) && (bytes.size() < 6 || byte(5) == kClientHello);
    return tls ? State::Complete : State::NotTls;
}

/// Joins the payloads of the records until the message is whole.
State gather(std::string_view bytes, std::string& message)
{
    for (;;) {
        if (message.size() >= kMessageHeader) {
            Reader header(std::string_view(message).substr(1));
            const std::size_t size = kMessageHeader + header.number(3);
            if (size > kMaxClientHello)
                return State::Malformed;
            if (message.size() >= size) {
                message.resize(size);
                return State::Complete;
            }
        }
        if (bytes.size() < kRecordHeader)
            return State::NeedMore;
        Reader record(bytes);
        const std::size_t type = record.number(1);
        const std::size_t version = record.number(2);
        const std::size_t size = record.number(2);
        if (type != kHandshake || (version >> 8) != 3 || size == 0 || size > kMaxRecord)
            return State::Malformed;
        const std::string_view payload = bytes.substr(kRecordHeader, size);
        message.append(payload);
        bytes.remove_prefix(kRecordHeader + payload.size());
    }
}

} // namespace

ClientHelloResult parseClientHello(std::string_view bytes)
{
    ClientHelloResult result;
    const bool full = bytes.size() >= kMaxClientHello;
    bytes = bytes.substr(0, kMaxClientHello);
    result.state = startOf(bytes);
    if (result.state != State::Complete)
        return result;
    std::string message;
    result.state = gather(bytes, message);
    if (result.state == State::NeedMore && full)
        result.state = State::Malformed;
    if (result.state == State::Complete
        && !readBody(std::string_view(message).substr(kMessageHeader), result.hello)) {
        result.state = State::Malformed;
        result.hello = {};
    }
    return result;
}

} // namespace meshyard::net
