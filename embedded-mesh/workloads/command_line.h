// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/net/socket_address.h"
#include "embedded-mesh/workloads/demo_service.h"
#include "embedded-mesh/workloads/load_generator.h"

#include <optional>
#include <span>
#include <string>
#include <variant>

namespace meshyard::workloads {

struct ServiceCommand
{
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

/// @param arguments without the program's name. @param port of $PORT, used where --port is not.
/// @return InvalidArgument with a sentence for people.
Result<Command> parseCommandLine(
    std::span<const char* const> arguments, const char* port, std::string_view version);

} // namespace meshyard::workloads
