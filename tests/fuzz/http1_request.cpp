// SPDX-License-Identifier: GPL-3.0-or-later
// A request head from a caller, and what is written to the upstream from it: that must be one head,
// framed the same, with nothing behind.
#include "embedded-mesh/http/body_decoder.h"
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

void checkFields(const http::RequestHead& head)
{
    int hosts = 0;
    for (const http::Field& field : head.fields()) {
        require(http::isToken(head.name(field)), "a field name is a token");
        const std::string_view value = head.value(field);
        require(http::findControl(value) == std::string_view::npos, "no control in a value");
        require(value == http::trimmed(value), "a value is trimmed");
        hosts += field.known == http::KnownHeader::Host ? 1 : 0;
    }
    require(hosts <= 1, "one host");
    require(hosts == 1 || head.minorVersion() == 0, "HTTP/1.1 has a host");
    require(http::isAuthority(head.authority()), "the authority is one");
    require(head.path().empty() || head.path().find(' ') == std::string_view::npos,
        "no space in a path");
}

void checkForwarded(const http::RequestHead& head)
{
    if (head.method() == http::Method::Connect || proxy::endsHere(head))
        return;
    proxy::RequestRewrite rewrite;
    rewrite.path = head.path();
    rewrite.authority = head.authority();
    rewrite.peer = "node-a";
    std::string written;
    proxy::writeRequestHead(head, rewrite, written);
    const auto again = std::make_unique<http::RequestHead>();
    require(http::HeadParser({65535, 128, 65535}).parseRequest(written, *again).isComplete()
            || head.fields().size() + 4 > 100 || head.size() > 60000,
        "what is forwarded is a head");
    if (again->size() == 0)
        return;
    require(again->size() == written.size(), "nothing stands behind what is forwarded");
    require(again->framing() == head.framing(), "forwarding keeps the framing");
    require(again->methodText() == head.methodText(), "forwarding keeps the method");
    require(again->authority() == head.authority(), "forwarding keeps the authority");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input = fuzz::textOf(data, size);
    static const auto head = std::make_unique<http::RequestHead>();
    const http::ParseResult whole = kParser.parseRequest(input, *head);
    fuzz::Choices choices(input);
    static const auto part = std::make_unique<http::RequestHead>();
    const std::string_view begun = input.substr(0, choices.next(size + 1));
    const http::ParseResult first = kParser.parseRequest(begun, *part);
    if (!whole.isComplete()) {
        require(!first.isComplete(), "more bytes do not undo a complete head");
        require(!first.isInvalid() || whole.isInvalid(), "more bytes do not heal a head");
        return 0;
    }
    require(head->size() <= size, "a head ends within its bytes");
    require(!first.isInvalid(), "a sound head is never refused half-way");
    require(first.isComplete() == (begun.size() >= head->size()), "a head is complete at its end");
    checkFields(*head);
    checkForwarded(*head);
    http::BodyDecoder body(head->framing());
    std::string_view rest = input.substr(head->size());
    while (body.state() == http::BodyDecoder::State::Reading && !rest.empty()) {
        const auto step = body.next(rest);
        if (step.consumed == 0)
            break;
        rest.remove_prefix(step.consumed);
    }
    return 0;
}
