// SPDX-License-Identifier: GPL-3.0-or-later
// What a peer sends over one HTTP/2 connection. First byte: bit 0 our side is the client; bit 1 the
// peer's preface and SETTINGS are put before; bit 2 the bytes come in pieces.
#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/http/h2_session.h"
#include "embedded-mesh/net/event_loop.h"
#include "fuzz_input.h"

#include <memory>
#include <string>
#include <vector>

using namespace meshyard;
using fuzz::require;

namespace {

constexpr std::string_view kSettings{"\0\0\0\4\0\0\0\0\0", 9};

class Stream final : public http::H2Stream
{
public:
    bool isOver() const { return m_over; }

private:
    void onRequest(const http::RequestHead& head, http::HeadError error) override
    {
        require(!m_begun, "one request a stream");
        m_begun = true;
        if (error != http::HeadError::None) {
            sendHead("HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n", true);
            return;
        }
        require(!head.methodText().empty(), "a request has a method");
        m_answers = head.path().size() % 3;
        if (m_answers == 0)
            answer();
    }
    void onResponse(const http::ResponseHead& head) override
    {
        require(head.status() >= 200, "interim responses do not come here");
    }
    void onBody(std::string_view bytes) override
    {
        m_bytes += bytes.size();
        if (m_answers == 1 && m_bytes > 10)
            pauseReading();
    }
    void onEnd(std::string_view /*trailers*/) override
    {
        require(!m_ended, "one end a stream");
        m_ended = true;
        if (m_answers != 0)
            answer();
    }
    void onWritable() override { }
    void onStreamEnd(const http::H2StreamEnd& /*end*/) override
    {
        require(!m_over, "a stream is over once");
        m_over = true;
    }

    void answer()
    {
        if (!isBound() || !m_begun || hasSentEnd())
            return;
        sendHead("HTTP/1.1 200 OK\r\nx-a: b\r\n\r\n", false);
        sendBody("hello");
        sendEnd(m_answers == 2 ? "x-t: 1\r\n" : "");
    }

    bool m_begun = false;
    bool m_ended = false;
    bool m_over = false;
    std::size_t m_answers = 0;
    std::size_t m_bytes = 0;
};

class Owner final : public http::H2SessionOwner
{
public:
    void writeBytes(std::string_view bytes) override { written += bytes.size(); }
    bool isWriteBackedUp() const override { return false; }
    http::H2Stream* openStream() override
    {
        streams.push_back(std::make_unique<Stream>());
        return streams.back().get();
    }
    void onSessionOver() override
    {
        require(!over, "a session is over once");
        over = true;
    }

    std::vector<std::unique_ptr<Stream>> streams;
    std::size_t written = 0;
    bool over = false;
};

void play(net::EventLoop& loop, http::H2Session& session, Owner& owner, std::string_view bytes,
    bool inPieces)
{
    fuzz::Choices choices(bytes);
    while (!bytes.empty() && !owner.over) {
        const std::size_t size = inPieces ? choices.next(bytes.size()) + 1 : bytes.size();
        session.receive(bytes.substr(0, size));
        loop.runOnce(Duration::zero()); // what is to be sent leaves at the end of the turn
        bytes.remove_prefix(size);
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    static const SteadyClock clock;
    static net::EventLoop loop(clock);
    static http::H2Thread thread(loop);
    const bool client = (data[0] & 1) != 0;
    std::string bytes;
    if ((data[0] & 2) != 0)
        bytes.append(client ? "" : http::kH2Preface).append(kSettings);
    bytes.append(fuzz::textOf(data + 1, size - 1));
    Owner owner;
    {
        http::H2Session session(thread, owner,
            client ? http::H2Session::Role::Client : http::H2Session::Role::Server,
            http::H2Options{});
        if (client) {
            owner.streams.push_back(std::make_unique<Stream>());
            session.open(*owner.streams.back(), http::Method::Get);
            owner.streams.back()->sendHead("GET / HTTP/1.1\r\nhost: a\r\n\r\n", true);
        }
        play(loop, session, owner, bytes, (data[0] & 4) != 0);
        require(owner.written <= 100 * bytes.size() + 64 * 1024, "answers stay in proportion");
        if (!owner.over)
            session.abandon();
    }
    for (const auto& stream : owner.streams)
        require(!stream->isBound(), "no stream outlives its session");
    return 0;
}
