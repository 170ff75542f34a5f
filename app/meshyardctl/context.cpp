// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/context.h"

#include "client/mesh_address.h"

#include <cstdio>
#include <cstdlib>
#include <thread>

#include <unistd.h>

namespace meshyard::ctl {

MeshClient& Context::client()
{
    if (!m_client)
        m_client = std::make_unique<MeshClient>(address());
    return *m_client;
}

std::string Context::address() const
{
    return meshAddress(connect);
}

std::string Context::author()
{
    const char* user = std::getenv("USER");
    return user && *user ? user : "meshyardctl";
}

std::pair<std::string, std::string> Context::qualified(const std::string& name) const
{
    const std::size_t slash = name.find('/');
    if (slash == std::string::npos)
        return {ns, name};
    return {name.substr(0, slash), name.substr(slash + 1)};
}

int Context::report(const Error& error)
{
    std::fprintf(stderr, "meshyardctl: %s\n", error.message.c_str());
    switch (error.code) {
    case ErrorCode::Unavailable:
    case ErrorCode::DeadlineExceeded:
    case ErrorCode::Cancelled:
    case ErrorCode::Internal:
    case ErrorCode::Unknown:
    case ErrorCode::DataLoss:
        return kFailed;
    default:
        return kRefused;
    }
}

int Context::usage(const std::string& sentence)
{
    std::fprintf(stderr, "meshyardctl: %s (see --help)\n", sentence.c_str());
    return kUsage;
}

int Context::repeat(const std::function<int()>& once) const
{
    using Clock = std::chrono::steady_clock;
    const bool screen = watch && !wantsJson() && ::isatty(STDOUT_FILENO) != 0;
    for (auto next = Clock::now() + std::chrono::seconds(1);; next += std::chrono::seconds(1)) {
        if (screen)
            std::fputs("\033[H\033[2J", stdout);
        const int code = once();
        if (std::fflush(stdout) != 0)
            return kFailed; // nobody reads any more
        if (!watch)
            return code;
        if (code == kRefused || code == kUsage)
            return code; // an unreachable control plane may come back
        std::this_thread::sleep_until(next);
    }
}

} // namespace meshyard::ctl
