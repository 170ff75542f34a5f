// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/compressor_filter.h"

#include <string>
#include <string_view>

struct z_stream_s;

namespace meshyard::proxy {

/// Compresses one body as it streams by; each piece can be unpacked as soon as it is there.
class GzipStream final
{
public:
    explicit GzipStream(const CompressorSettings& settings);
    ~GzipStream();
    GzipStream(const GzipStream&) = delete;
    GzipStream& operator=(const GzipStream&) = delete;

    void add(std::string_view bytes, std::string& out);
    void finish(std::string& out);
    /// No memory for it: nothing will come out.
    bool isBroken() const { return !m_good; }

private:
    void run(std::string_view bytes, int flush, std::string& out);

    std::unique_ptr<z_stream_s> m_stream;
    bool m_good = false;
};

} // namespace meshyard::proxy
