// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/core/result.h"

#include <memory>
#include <string>

namespace meshyard::control_plane {

class MeshController;

/// The two gRPC servers: admin (MeshAdmin, MeshObserver, Supervision) and xDS (ADS, Telemetry).
class Servers final
{
public:
    /// Addresses are "unix:PATH" or "HOST:PORT" on loopback; port 0 picks one.
    /// @return one sentence for people when an address cannot be served.
    static Result<std::unique_ptr<Servers>> start(MeshController& controller, const Clock& clock,
        const std::string& admin, const std::string& xds);
    ~Servers();
    Servers(const Servers&) = delete;
    Servers& operator=(const Servers&) = delete;

    const std::string& adminAddress() const;
    const std::string& xdsAddress() const;

private:
    struct Private;
    explicit Servers(std::unique_ptr<Private> d);
    std::unique_ptr<Private> d;
};

} // namespace meshyard::control_plane
