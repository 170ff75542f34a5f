// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/filter/compressor_filter.h"

#include "embedded-mesh/http/field_rules.h"
#include "embedded-mesh/http/message_head.h"
#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/extension.pb.h"
#include "envoy/extensions/compression/gzip/compressor/v3/gzip.pb.h"
#include "envoy/extensions/filters/http/compressor/v3/compressor.pb.h"

#include <charconv>

namespace meshyard::proxy {

namespace {

using Gzip = envoy::extensions::compression::gzip::compressor::v3::Gzip;

constexpr std::string_view kDefaultTypes[] = {"application/javascript", "application/json",
    "application/xhtml+xml", "image/svg+xml", "text/css", "text/html", "text/plain", "text/xml"};

std::string lowered(std::string_view text)
{
    std::string low(text);
    std::ranges::transform(low, low.begin(),
        [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
    return low;
}

/// Thousandths; a malformed weight counts as none.
int weightOf(std::string_view parameters)
{
    const std::size_t at = parameters.find("q=");
    if (at == std::string_view::npos)
        return 1000;
    std::string_view text = trimmed(parameters.substr(at + 2));
    int whole = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), whole);
    if (error != std::errc() || whole < 0 || whole > 1)
        return 0;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    int thousandths = whole * 1000;
    int step = 100;
    if (text.starts_with('.')) {
        for (const char c : text.substr(1)) {
            if (c < '0' || c > '9')
                break;
            thousandths += (c - '0') * step;
            step /= 10;
        }
    }
    return std::min(thousandths, 1000);
}

Result<void> compileGzip(const Gzip& gzip, CompressorSettings& settings)
{
    const auto within = [](std::uint32_t value, std::uint32_t least, std::uint32_t most) {
        return value >= least && value <= most;
    };
    const std::uint32_t memory = gzip.has_memory_level() ? gzip.memory_level().value() : 5;
    const std::uint32_t window = gzip.has_window_bits() ? gzip.window_bits().value() : 12;
    if (!within(memory, 1, 9) || !within(window, 9, 15))
        return failure(ErrorCode::InvalidArgument,
            "gzip: memory_level must be 1 to 9, window_bits 9 to 15");
    settings.memoryLevel = static_cast<int>(memory);
    settings.windowBits = static_cast<int>(window);
    settings.level = gzip.compression_level() == Gzip::DEFAULT_COMPRESSION
        ? -1
        : static_cast<int>(gzip.compression_level());
    settings.strategy = static_cast<int>(gzip.compression_strategy());
    return {};
}

} // namespace

bool acceptsGzip(std::string_view acceptEncoding)
{
    int gzip = -1;
    int any = -1;
    int identity = -1;
    while (const auto element = http::nextListElement(acceptEncoding)) {
        const std::size_t end = std::min(element->find(';'), element->size());
        const std::string_view coding = trimmed(element->substr(0, end));
        const int weight = weightOf(element->substr(end));
        if (equalsIgnoreCase(coding, "gzip") || equalsIgnoreCase(coding, "x-gzip"))
            gzip = std::max(gzip, weight);
        else if (coding == "*")
            any = weight;
        else if (equalsIgnoreCase(coding, "identity"))
            identity = weight;
    }
    if (gzip < 0)
        gzip = any;
    return gzip > 0 && gzip >= identity;
}

Result<std::shared_ptr<CompressorSettings>> CompressorSettings::compile(const Proto& proto)
{
    auto settings = std::make_shared<CompressorSettings>();
    const google::protobuf::Any& library = proto.compressor_library().typed_config();
    Gzip gzip;
    if (!library.Is<Gzip>() || !library.UnpackTo(&gzip))
        return failure(ErrorCode::InvalidArgument,
            "compressor_library: only gzip is supported, not '" + library.type_url() + "'");
    if (auto done = compileGzip(gzip, *settings); !done)
        return tl::unexpected(done.error());
    const auto& direction = proto.response_direction_config();
    const auto& common = direction.common_config();
    if (common.enabled().has_default_value())
        settings->enabled = common.enabled().default_value().value();
    if (common.has_min_content_length())
        settings->minContentLength = common.min_content_length().value();
    for (const std::string& type : common.content_type())
        settings->contentTypes.push_back(lowered(type));
    if (settings->contentTypes.empty())
        settings->contentTypes.assign(std::begin(kDefaultTypes), std::end(kDefaultTypes));
    settings->notWithEtag = direction.disable_on_etag_header();
    settings->removesAcceptEncoding = direction.remove_accept_encoding_header();
    for (const std::uint32_t status : direction.uncompressible_response_codes())
        settings->uncompressibleStatuses.push_back(static_cast<int>(status));
    return settings;
}

Result<std::shared_ptr<const CompressorRouteSettings>> CompressorRouteSettings::compile(
    const envoy::extensions::filters::http::compressor::v3::CompressorPerRoute& proto)
{
    auto settings = std::make_shared<CompressorRouteSettings>();
    settings->disabled = proto.disabled();
    const auto& response = proto.overrides().response_direction_config();
    if (response.has_remove_accept_encoding_header())
        settings->removesAcceptEncoding = response.remove_accept_encoding_header().value();
    return settings;
}

bool CompressorSettings::suitsType(std::string_view contentType) const
{
    const std::string_view type = trimmed(contentType.substr(0, contentType.find(';')));
    return std::ranges::any_of(contentTypes,
        [type](const std::string& known) { return equalsIgnoreCase(known, type); });
}

bool CompressorSettings::suits(const http::ResponseHead& head) const
{
    using http::KnownHeader;
    const auto type = head.find(KnownHeader::ContentType);
    if (!enabled || (type && !suitsType(*type)) || head.status() == 206 || head.status() == 101)
        return false;
    if (head.framing().kind == http::BodyKind::Length && head.framing().length < minContentLength)
        return false;
    if (head.find("content-encoding") || (notWithEtag && head.find("etag")))
        return false;
    const auto cache = head.find("cache-control");
    if (cache && http::listContains(*cache, "no-transform"))
        return false;
    return std::ranges::find(uncompressibleStatuses, head.status()) == uncompressibleStatuses.end();
}

bool CompressorSettings::prepare(
    const http::ResponseHead& head, bool accepted, HeaderEdits& edits)
{
    const bool hasBody = head.framing().kind != http::BodyKind::None;
    const bool suitable = suits(head);
    if (suitable) { // a cache must know that others get it otherwise
        const auto vary = head.find("vary");
        if (!vary || vary->empty())
            edits.set("vary", "Accept-Encoding");
        else if (*vary != "*" && !http::listContains(*vary, "accept-encoding"))
            edits.set("vary", std::string(*vary) + ", Accept-Encoding");
    }
    const bool compresses = suitable && accepted && hasBody;
    (compresses ? compressed : notCompressed).add();
    if (!compresses)
        return false;
    edits.remove("content-length");
    edits.set("content-encoding", "gzip");
    const auto etag = head.find("etag");
    if (etag && !etag->starts_with("W/"))
        edits.remove("etag"); // a strong one is of other bytes
    return true;
}

CompressorFilter::CompressorFilter(
    std::string name, std::shared_ptr<CompressorSettings> settings, const std::string& statPrefix)
    : HttpFilter(std::move(name))
    , m_settings(std::move(settings))
    , m_statPrefix(statPrefix + "compressor." + this->name() + ".gzip.")
{
}

HttpFilter::Verdict CompressorFilter::onRequest(RequestPass& pass, const FilterSettings* own) const
{
    const auto* const ofRoute = dynamic_cast<const CompressorRouteSettings*>(own);
    if (!m_settings->enabled || (ofRoute != nullptr && ofRoute->disabled))
        return Verdict::Continue;
    std::string joined;
    const auto accepted = pass.request.wholeHeader("accept-encoding", joined);
    pass.state.compressor = m_settings;
    pass.state.acceptsGzip = accepted && acceptsGzip(*accepted);
    const bool removes = ofRoute != nullptr && ofRoute->removesAcceptEncoding
        ? *ofRoute->removesAcceptEncoding
        : m_settings->removesAcceptEncoding;
    if (removes && accepted)
        pass.removeHeader("accept-encoding");
    return Verdict::Continue;
}

void CompressorFilter::visitStats(const StatSink& sink) const
{
    sink(m_statPrefix + "compressed", m_settings->compressed.value());
    sink(m_statPrefix + "not_compressed", m_settings->notCompressed.value());
}

} // namespace meshyard::proxy
