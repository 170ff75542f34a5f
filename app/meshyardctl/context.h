// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/mesh_client.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace meshyard::ctl {

/// Exit codes, see --help.
enum Exit { kDone = 0, kFailed = 1, kUsage = 2, kRefused = 3 };

/// What the options before and after a verb say, and the one connection of a run.
class Context final
{
public:
    enum class Output { Table, Json, Yaml };

    std::string connect;
    std::string ns = "production"; // of documents and names without one
    bool nsGiven = false; // lists show every namespace otherwise
    std::string output; // "" = the verb's own
    bool watch = false;
    std::vector<std::string> command; // what stood after --
    std::string programFolder; // where the sibling executables are

    /// Opened on first use.
    MeshClient& client();
    std::string address() const;
    std::string listNamespace() const { return nsGiven ? ns : std::string(); }
    bool wantsJson() const { return output == "json"; }
    /// Whoever types: $USER, else "meshyardctl".
    static std::string author();
    /// "ns/svc" or "svc" of the namespace of this call. @return {namespace, service}.
    std::pair<std::string, std::string> qualified(const std::string& name) const;

    /// Prints the sentence on standard error. @return the exit code that fits it.
    static int report(const Error& error);
    static int usage(const std::string& sentence);
    /// Runs `once` and, with --watch, again each second until the output closes.
    int repeat(const std::function<int()>& once) const;

private:
    std::unique_ptr<MeshClient> m_client;
};

} // namespace meshyard::ctl
