// SPDX-License-Identifier: GPL-3.0-or-later
// An upstream's response head, and what is written to the caller from it. The first byte says to
// which method it answers.
#include "embedded-mesh/http/field_rules.h"
#include "embedded-mesh/http/head_parser.h"
#include "embedded-mesh/proxy/exchange/head_writer.h"
#include "fuzz_input.h"

#include <memory>
#include <string>

using namespace meshyard;
using fuzz::require;

namespace {

const http::HeadParser kParser;

/// As the exchange frames for an HTTP/1.1 caller.
proxy::ResponseFraming framingFor(const http::ResponseHead& head)
{
    proxy::ResponseFraming framing;
    framing.chunked = head.framing().kind == http::BodyKind::UntilClose
        || head.framing().kind == http::BodyKind::Chunked;
    framing.date = "Sun, 06 Nov 1994 08:49:37 GMT";
    return framing;
}

void checkRelayed(const http::ResponseHead& head, http::Method method)
{
    if (head.isInterim() || head.status() == 101 || method == http::Method::Connect)
        return;
    std::string written;
    const proxy::ResponseFraming framing = framingFor(head);
    proxy::writeResponseHead(head, framing, nullptr, nullptr, written);
    const auto again = std::make_unique<http::ResponseHead>();
    if (!http::HeadParser({65535, 128, 65535})
            .parseResponse(written, method, *again)
            .isComplete()) {
        require(head.fields().size() + 4 > 100 || head.size() > 60000, "what is relayed is a head");
        return;
    }
    require(again->size() == written.size(), "nothing stands behind what is relayed");
    require(again->status() == head.status(), "relaying keeps the status");
    require(
        again->framing().kind == (framing.chunked ? http::BodyKind::Chunked : head.framing().kind),
        "what is relayed is framed as we say");
    require(again->framing().length == head.framing().length, "relaying keeps the length");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    if (size == 0)
        return 0;
    constexpr http::Method kMethods[]
        = {http::Method::Get, http::Method::Head, http::Method::Connect};
    const http::Method method = kMethods[data[0] % 3];
    const std::string_view input = fuzz::textOf(data + 1, size - 1);
    static const auto head = std::make_unique<http::ResponseHead>();
    static const auto part = std::make_unique<http::ResponseHead>();
    const http::ParseResult whole = kParser.parseResponse(input, method, *head);
    fuzz::Choices choices(input);
    const std::string_view begun = input.substr(0, choices.next(size));
    const http::ParseResult first = kParser.parseResponse(begun, method, *part);
    if (!whole.isComplete()) {
        require(!first.isComplete(), "more bytes do not undo a complete head");
        require(!first.isInvalid() || whole.isInvalid(), "more bytes do not heal a head");
        return 0;
    }
    require(head->size() <= input.size(), "a head ends within its bytes");
    require(!first.isInvalid(), "a sound head is never refused half-way");
    require(head->status() >= 100 && head->status() <= 599, "a status is one");
    for (const http::Field& field : head->fields())
        require(http::findControl(head->value(field)) == std::string_view::npos,
            "no control in a value");
    checkRelayed(*head, method);
    return 0;
}
