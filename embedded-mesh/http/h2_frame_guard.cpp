// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/h2_frame_guard.h"

#include <algorithm>

namespace meshyard::http {

namespace {

enum FrameType : std::uint8_t {
    Data = 0,
    Headers = 1,
    Priority = 2,
    RstStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
};

constexpr std::uint8_t kEndStream = 1;
constexpr std::uint32_t kMaxResets = 200; // in kResetSpan
constexpr auto kResetSpan = std::chrono::seconds(30);
constexpr std::uint32_t kMaxRefused
    = 2000; // until our SETTINGS are acknowledged: then it is an error
constexpr std::uint32_t kMaxControl = 1000; // of one kind in kControlSpan
constexpr auto kControlSpan = std::chrono::seconds(10);
constexpr std::uint32_t kMaxContinuations = 8;
constexpr std::uint64_t kPrioritiesPerStream = 100;
constexpr std::uint64_t kUpdatesPerData = 10;
constexpr std::uint64_t kMaxEmptyData = 100;
constexpr std::size_t kMaxSkipped = 32;

} // namespace

H2FrameGuard::H2FrameGuard(bool server)
    : m_server(server)
    , m_skip(server ? kH2Preface.size() : 0)
{
}

std::uint32_t H2FrameGuard::Window::add(TimePoint now, Duration span)
{
    if (now - start > span) {
        start = now;
        count = 0;
    }
    return ++count;
}

H2FrameGuard::Finding H2FrameGuard::scan(std::string_view bytes, TimePoint now)
{
    std::size_t at = 0;
    for (;;) {
        const std::size_t skipped = std::min(m_skip, bytes.size() - at);
        m_skip -= skipped;
        at += skipped;
        const std::size_t frameAt = at;
        while (at < bytes.size() && m_partialSize < m_partial.size())
            m_partial[m_partialSize++] = static_cast<unsigned char>(bytes[at++]);
        if (m_partialSize < m_partial.size())
            return {bytes.size(), H2Code::NoError};
        m_partialSize = 0;
        const auto& raw = m_partial;
        FrameHeader frame;
        frame.length = static_cast<std::uint32_t>(raw[0] << 16 | raw[1] << 8 | raw[2]);
        frame.type = raw[3];
        frame.flags = raw[4];
        frame.stream = static_cast<std::uint32_t>(
            (raw[5] & 0x7f) << 24 | raw[6] << 16 | raw[7] << 8 | raw[8]);
        if (const H2Code error = check(frame, now); error != H2Code::NoError)
            return {frameAt, error};
        m_skip = frame.length;
    }
}

H2Code H2FrameGuard::check(const FrameHeader& frame, TimePoint now)
{
    switch (frame.type) {
    case Data:
        if (frame.length > 0 || (frame.flags & kEndStream) != 0)
            return H2Code::NoError;
        return ++m_emptyData > kMaxEmptyData + 2 * m_streams ? H2Code::EnhanceYourCalm
                                                             : H2Code::NoError;
    case Headers:
        return checkHeaders(frame);
    case Continuation:
        return ++m_continuations > kMaxContinuations ? H2Code::EnhanceYourCalm : H2Code::NoError;
    case Priority:
        return ++m_priorities > kPrioritiesPerStream * (1 + m_streams) ? H2Code::EnhanceYourCalm
                                                                       : H2Code::NoError;
    case RstStream:
        return m_server ? countReset(now) : H2Code::NoError;
    case Settings:
        return countControl(m_settings, now);
    case Ping:
        return countControl(m_pings, now);
    case WindowUpdate:
        return checkWindowUpdate();
    default:
        return countControl(m_others, now);
    }
}

H2Code H2FrameGuard::checkHeaders(const FrameHeader& frame)
{
    m_continuations = 0;
    if (!m_server)
        ++m_streams; // a response, trailers or an interim one: roughly a stream each
    if (!m_server || frame.stream % 2 == 0)
        return H2Code::NoError;
    if (frame.stream > m_highestStream) {
        for (std::uint32_t id = m_highestStream == 0 ? 1 : m_highestStream + 2;
            id < frame.stream && m_skipped.size() < kMaxSkipped; id += 2)
            m_skipped.push_back(id);
        m_highestStream = frame.stream;
        ++m_streams;
        return H2Code::NoError;
    }
    return std::ranges::find(m_skipped, frame.stream) == m_skipped.end() ? H2Code::NoError
                                                                         : H2Code::ProtocolError;
}

H2Code H2FrameGuard::checkWindowUpdate()
{
    // A server's peer answers DATA that we sent; a client's peer answers our request bodies.
    const std::uint64_t allowed = 100 + 2 * (m_streams + kUpdatesPerData * m_dataSent);
    return ++m_windowUpdates > allowed ? H2Code::EnhanceYourCalm : H2Code::NoError;
}

H2Code H2FrameGuard::countReset(TimePoint now)
{
    if (m_resets.add(now, kResetSpan) == 1)
        m_streamsAtWindow = m_streams - (m_streams > 0 ? 1 : 0);
    if (m_resets.count <= kMaxResets)
        return H2Code::NoError;
    // A busy connection has its share of cancelled calls; one that mostly resets has no other aim.
    const std::uint64_t opened = m_streams - m_streamsAtWindow;
    return m_resets.count * 2ULL >= opened ? H2Code::EnhanceYourCalm : H2Code::NoError;
}

H2Code H2FrameGuard::noteRefused()
{
    return ++m_refused > kMaxRefused ? H2Code::EnhanceYourCalm : H2Code::NoError;
}

H2Code H2FrameGuard::countControl(Window& window, TimePoint now)
{
    return window.add(now, kControlSpan) > kMaxControl ? H2Code::EnhanceYourCalm : H2Code::NoError;
}

} // namespace meshyard::http
