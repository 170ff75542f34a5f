// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/model/mesh_types.h"

namespace meshyard {

std::uint64_t Outcomes::finished() const
{
    return ok + clientErrors + cancelled + failed();
}

std::uint64_t Outcomes::failed() const
{
    return serverErrors + connectErrors + timeouts + rejected + limited + noEndpoint + faults;
}

void Outcomes::add(const Outcomes& other)
{
    ok += other.ok;
    clientErrors += other.clientErrors;
    serverErrors += other.serverErrors;
    connectErrors += other.connectErrors;
    timeouts += other.timeouts;
    rejected += other.rejected;
    limited += other.limited;
    noEndpoint += other.noEndpoint;
    faults += other.faults;
    retries += other.retries;
    cancelled += other.cancelled;
}

} // namespace meshyard
