// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/filter/http_filter.h"

#include <memory>
#include <optional>

namespace envoy::extensions::filters::http::compressor::v3 {
class Compressor;
class CompressorPerRoute;
} // namespace envoy::extensions::filters::http::compressor::v3
namespace meshyard::http {
class ResponseHead;
}

namespace meshyard::proxy {

/// A compiled Compressor with gzip behind it.
struct CompressorSettings
{
    bool enabled = true;
    std::uint64_t minContentLength = 30;
    std::vector<std::string> contentTypes; // lower case
    bool notWithEtag = false;
    bool removesAcceptEncoding = false;
    std::vector<int> uncompressibleStatuses;
    int level = -1; // zlib's default
    int windowBits = 12;
    int memoryLevel = 5;
    int strategy = 0;

    Counter compressed;
    Counter notCompressed;

    using Proto = envoy::extensions::filters::http::compressor::v3::Compressor;
    static Result<std::shared_ptr<CompressorSettings>> compile(const Proto& proto);

    /// Whether an answer is to be compressed; adds what its head must say to `edits`.
    /// @param accepted the caller takes gzip.
    bool prepare(const http::ResponseHead& head, bool accepted, HeaderEdits& edits);

private:
    bool suits(const http::ResponseHead& head) const;
    bool suitsType(std::string_view contentType) const;
};

/// A compiled CompressorPerRoute.
struct CompressorRouteSettings final : FilterSettings
{
    bool disabled = false;
    std::optional<bool> removesAcceptEncoding;

    static Result<std::shared_ptr<const CompressorRouteSettings>> compile(
        const envoy::extensions::filters::http::compressor::v3::CompressorPerRoute& proto);
};

/// envoy.filters.http.compressor for answers.
class CompressorFilter final : public HttpFilter
{
public:
    CompressorFilter(std::string name, std::shared_ptr<CompressorSettings> settings,
        const std::string& statPrefix);

    Verdict onRequest(RequestPass& pass, const FilterSettings* own) const override;
    void visitStats(const StatSink& sink) const override;

private:
    const std::shared_ptr<CompressorSettings> m_settings; // only its counters change
    const std::string m_statPrefix;
};

/// Whether an Accept-Encoding prefers gzip to the answer as it is (RFC 9110 12.5.3).
bool acceptsGzip(std::string_view acceptEncoding);

} // namespace meshyard::proxy
