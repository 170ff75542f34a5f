// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/http/h2_options.h"

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

namespace meshyard::http {

/// Looks at the frame headers of a peer before the codec does, and ends who floods: rapid resets,
/// CONTINUATION, PING, SETTINGS, empty DATA, PRIORITY, WINDOW_UPDATE and unknown frames. Each is
/// cheap to send, makes us work, and brings no request forward.
///
/// Follows the bounds of Envoy's Http2ProtocolOptions where they exist. Also finds requests on
/// stream ids that were skipped (RFC 9113 5.1.1), which nghttp2 lets pass.
class H2FrameGuard final
{
public:
    explicit H2FrameGuard(bool server);

    struct Finding
    {
        std::size_t bytes = 0; // of the input that are sound
        H2Code error = H2Code::NoError; // else the connection ends with it
    };

    Finding scan(std::string_view bytes, TimePoint now);
    /// We sent DATA, which entitles the peer to WINDOW_UPDATEs.
    void noteDataSent() { ++m_dataSent; }
    /// We had to reset a stream because of what the peer sent: as costly as a reset of its own.
    H2Code noteStreamError(TimePoint now) { return countReset(now); }
    /// We refused a stream beyond our limit, which the peer need not know yet.
    H2Code noteRefused();

private:
    struct FrameHeader
    {
        std::uint32_t length = 0;
        std::uint8_t type = 0;
        std::uint8_t flags = 0;
        std::uint32_t stream = 0;
    };

    /// Events in a span of time that starts anew when it is over.
    struct Window
    {
        TimePoint start{};
        std::uint32_t count = 0;

        std::uint32_t add(TimePoint now, Duration span);
    };

    H2Code check(const FrameHeader& frame, TimePoint now);
    H2Code checkHeaders(const FrameHeader& frame);
    H2Code checkWindowUpdate();
    H2Code countReset(TimePoint now);
    H2Code countControl(Window& window, TimePoint now);

    const bool m_server;
    std::size_t m_skip; // bytes until the next frame header
    std::array<unsigned char, 9> m_partial{};
    std::size_t m_partialSize = 0;

    std::uint32_t m_highestStream = 0;
    std::vector<std::uint32_t> m_skipped; // ids passed over, the newest few
    std::uint64_t m_streams = 0;
    std::uint64_t m_dataSent = 0;
    std::uint64_t m_windowUpdates = 0;
    std::uint64_t m_priorities = 0;
    std::uint64_t m_emptyData = 0;
    std::uint32_t m_refused = 0;
    std::uint32_t m_continuations = 0; // of the header block in progress
    std::uint64_t m_streamsAtWindow = 0;
    Window m_resets;
    Window m_pings;
    Window m_settings;
    Window m_others;
};

} // namespace meshyard::http
