// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>
#include <QStringList>

#include <optional>

namespace meshyard::app {

/// What `meshyard` was asked for. Exit codes: 0 done, 1 failed, 2 usage.
struct CommandLine
{
    enum class Mesh { Ask, Demo, Connect, Open };

    Mesh mesh = Mesh::Ask;
    QString address; // Connect
    QString file; // Open
    QString select; // "edge:SRC->DST", "node:NAME"
    QString at; // a time, as typed
    QString exportFile;
    std::optional<int> exitAfterSeconds;
    QString scheme; // "light", "dark"; empty = as set

    /// A sentence to print and the code to leave with, instead of running.
    struct Leave
    {
        int code = 0;
        QString out; // standard output
        QString err; // standard error
    };

    /// @param arguments with the program's name in front.
    static std::optional<Leave> parse(const QStringList& arguments, CommandLine& into);
};

} // namespace meshyard::app
