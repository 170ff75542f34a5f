// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/socket_address.h"
#include "embedded-mesh/workloads/load_generator.h"
#include "embedded-mesh/workloads/service_options.h"

#include <optional>
#include <span>
#include <string>
#include <variant>

namespace meshyard::workloads {

/// The protocol a demo service speaks.
enum class ServiceKind : std::uint8_t { Http, Store, Stock };

struct ServiceCommand
{
    ServiceKind kind = ServiceKind::Http;
    ServiceOptions options;
    net::SocketAddress listenOn;
    std::optional<net::SocketAddress> knobs;
};

struct LoadCommand
{
    LoadOptions options;
    std::optional<net::SocketAddress> knobs;
};

struct PrintCommand // --help, --version
{
    std::string text;
};

using Command = std::variant<ServiceCommand, LoadCommand, PrintCommand>;

/// What a supervisor hands over; options given on the command line win. Empty = unset.
struct Environment
{
    std::string port; // $PORT
    std::string knobs; // $MESHYARD_KNOBS
    std::string instance; // $MESHYARD_INSTANCE

    static Environment ofProcess();
};

/// @param arguments without the program's name.
/// @return InvalidArgument with a sentence for people.
Result<Command> parseCommandLine(std::span<const char* const> arguments,
    const Environment& environment, std::string_view version);

} // namespace meshyard::workloads
