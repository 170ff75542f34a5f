// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/gzip_stream.h"

#include <zlib.h>

#include <array>

namespace meshyard::proxy {

namespace {

constexpr int kGzipFormat = 16; // added to the window bits

} // namespace

GzipStream::GzipStream(const CompressorSettings& settings)
    : m_stream(std::make_unique<z_stream_s>())
{
    m_good = ::deflateInit2(m_stream.get(), settings.level, Z_DEFLATED,
                 settings.windowBits + kGzipFormat, settings.memoryLevel, settings.strategy)
        == Z_OK;
}

GzipStream::~GzipStream()
{
    if (m_good)
        ::deflateEnd(m_stream.get());
}

void GzipStream::add(std::string_view bytes, std::string& out)
{
    run(bytes, Z_SYNC_FLUSH, out);
}

void GzipStream::finish(std::string& out)
{
    run({}, Z_FINISH, out);
}

void GzipStream::run(std::string_view bytes, int flush, std::string& out)
{
    if (!m_good || (bytes.empty() && flush != Z_FINISH))
        return;
    std::array<char, 4096> piece;
    // zlib never writes through next_in, it only lacks the const.
    m_stream->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    m_stream->avail_in = static_cast<uInt>(bytes.size());
    do {
        m_stream->next_out = reinterpret_cast<Bytef*>(piece.data());
        m_stream->avail_out = static_cast<uInt>(piece.size());
        ::deflate(m_stream.get(), flush);
        out.append(piece.data(), piece.size() - m_stream->avail_out);
    } while (m_stream->avail_out == 0);
}

} // namespace meshyard::proxy
