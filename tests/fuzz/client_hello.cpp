// SPDX-License-Identifier: GPL-3.0-or-later
// The first bytes of a TLS connection, as they come.
#include "embedded-mesh/net/tls_client_hello.h"
#include "fuzz_input.h"

using namespace meshyard;
using fuzz::require;
using State = net::ClientHelloResult::State;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view input = fuzz::textOf(data, size);
    const net::ClientHelloResult whole = net::parseClientHello(input);
    fuzz::Choices choices(input);
    const net::ClientHelloResult part
        = net::parseClientHello(input.substr(0, choices.next(size + 1)));
    if (part.state != State::NeedMore)
        require((part.state == State::Complete) == (whole.state == State::Complete),
            "more bytes do not change a verdict");
    if (part.state == State::Complete)
        require(part.hello == whole.hello, "more bytes do not change a hello");
    if (whole.state == State::NeedMore)
        require(size < net::kMaxClientHello, "there is an end to waiting");
    for (const char c : whole.hello.serverName)
        require(c < 'A' || c > 'Z', "a server name is in lower case");
    return 0;
}
