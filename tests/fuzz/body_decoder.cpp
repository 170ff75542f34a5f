// SPDX-License-Identifier: GPL-3.0-or-later
// A body, whole and in pieces: the same content, the same end. The first byte says how it is
// framed.
#include "embedded-mesh/http/body_decoder.h"
#include "fuzz_input.h"

#include <algorithm>
#include <string>

using namespace meshyard;
using fuzz::require;

namespace {

struct Decoded
{
    http::BodyDecoder decoder;
    std::string content;
    std::size_t consumed = 0;
};

template <typename NextSize>
Decoded decode(const http::BodyFraming& framing, std::string_view input, NextSize&& nextSize)
{
    Decoded result{http::BodyDecoder(framing), {}, 0};
    while (!input.empty() && result.decoder.state() == http::BodyDecoder::State::Reading) {
        std::string_view piece = input.substr(0, std::max<std::size_t>(1, nextSize(input.size())));
        const auto step = result.decoder.next(piece);
        require(step.consumed <= piece.size(), "no more is consumed than given");
        require(step.consumed > 0 || result.decoder.state() != http::BodyDecoder::State::Reading,
            "a reading decoder consumes something");
        result.content.append(step.data);
        result.consumed += step.consumed;
        input.remove_prefix(step.consumed);
    }
    require(result.content.size() == result.decoder.contentBytes(), "content is counted");
    return result;
}

/// What was decoded, encoded anew, decodes to itself.
void checkRoundTrip(const Decoded& decoded)
{
    std::string encoded;
    if (!decoded.content.empty())
        encoded.append(http::ChunkHeader(decoded.content.size()).text())
            .append(decoded.content)
            .append("\r\n");
    encoded.append(http::kLastChunk);
    const Decoded again
        = decode({http::BodyKind::Chunked, 0}, encoded, [](std::size_t left) { return left; });
    require(again.decoder.isDone() && again.consumed == encoded.size(), "our own chunks are sound");
    require(again.content == decoded.content, "our own chunks keep the content");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    http::BodyFraming framing{http::BodyKind::Chunked, 0};
    if (data[0] % 8 == 1)
        framing = {http::BodyKind::Length, data[0]};
    if (data[0] % 8 == 2)
        framing = {http::BodyKind::UntilClose, 0};
    const std::string_view input = fuzz::textOf(data + 1, size - 1);
    const Decoded whole = decode(framing, input, [](std::size_t left) { return left; });
    fuzz::Choices choices(input);
    const Decoded pieces = decode(framing, input,
        [&](std::size_t left) { return choices.next(std::min<std::size_t>(left, 40)); });
    require(whole.decoder.state() == pieces.decoder.state(), "pieces end as the whole does");
    require(whole.decoder.trailers() == pieces.decoder.trailers()
            || whole.decoder.state() == http::BodyDecoder::State::Invalid,
        "pieces have the same trailers");
    if (whole.decoder.state() != http::BodyDecoder::State::Invalid) {
        require(whole.content == pieces.content, "pieces hold the same content");
        require(whole.consumed == pieces.consumed, "pieces end at the same byte");
    }
    if (framing.kind == http::BodyKind::Chunked && whole.decoder.isDone())
        checkRoundTrip(whole);
    return 0;
}
