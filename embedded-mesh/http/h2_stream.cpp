// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/http/h2_stream.h"

#include "embedded-mesh/http/h2_callbacks.h"
#include "embedded-mesh/http/h2_session.h"

#include <string>

namespace meshyard::http {

H2Stream::~H2Stream()
{
    letGo(H2Code::Cancel);
}

void H2Stream::sendHead(std::string_view text, bool end, std::string_view upgrade)
{
    if (m_session != nullptr)
        m_session->sendHead(*this, text, end, upgrade);
}

void H2Stream::sendInterim(std::string_view text)
{
    if (m_session == nullptr)
        return;
    H2Fields& fields = m_session->m_thread.fields;
    fields.setResponse(text);
    nghttp2_submit_headers(m_session->m_session, NGHTTP2_FLAG_NONE, m_id, nullptr, fields.data(),
        fields.size(), nullptr);
    m_session->wantFlush();
}

void H2Stream::sendBody(std::string_view bytes)
{
    if (m_session == nullptr || m_ended || bytes.empty())
        return;
    m_out.append(bytes);
    if (isBackedUp())
        m_waitsForRoom = true;
    if (std::exchange(m_deferred, false))
        nghttp2_session_resume_data(m_session->m_session, m_id);
    m_session->wantFlush();
}

void H2Stream::sendEnd(std::string_view trailers)
{
    if (m_session == nullptr || std::exchange(m_ended, true))
        return;
    m_trailers.assign(trailers);
    if (std::exchange(m_deferred, false))
        nghttp2_session_resume_data(m_session->m_session, m_id);
    m_session->wantFlush();
}

void H2Stream::reset(H2Code code)
{
    if (m_session == nullptr)
        return;
    m_ended = true;
    if (m_id != 0) {
        nghttp2_submit_rst_stream(
            m_session->m_session, NGHTTP2_FLAG_NONE, m_id, static_cast<std::uint32_t>(code));
        m_session->wantFlush();
    }
}

void H2Stream::letGo(H2Code code)
{
    if (m_session == nullptr)
        return;
    if (!m_closing)
        reset(code);
    m_session->forgetEnded(*this);
    m_session->unbind(*this);
}

void H2Stream::finish()
{
    if (m_session == nullptr)
        return;
    if (!m_ended || !m_peerEnded || !m_out.isEmpty() || !m_trailers.empty())
        return letGo(H2Code::Cancel);
    m_session->forgetEnded(*this);
    m_session->unbind(*this);
}

void H2Stream::resumeReading()
{
    if (std::exchange(m_paused, false) && m_session != nullptr)
        m_session->consume(*this);
}

bool H2Stream::isBackedUp() const
{
    return m_out.size() > kHighMark
        || (m_session != nullptr && m_session->m_owner.isWriteBackedUp());
}

} // namespace meshyard::http
