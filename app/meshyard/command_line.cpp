// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyard/command_line.h"

#include <QCommandLineParser>
#include <QFileInfo>

using namespace Qt::Literals::StringLiterals;

namespace meshyard::app {
namespace {

constexpr int kUsage = 2;
constexpr int kFailed = 1;

void addOptions(QCommandLineParser& parser)
{
    parser.addOptions({
        {u"demo"_s, u"Start (or find) the demo mesh."_s},
        {u"connect"_s, u"Watch a running control plane: unix:PATH or HOST:PORT."_s, u"ADDR"_s},
        {u"open"_s, u"Open a recording or a snapshot file; nothing is started."_s, u"FILE"_s},
        {u"select"_s, u"Select edge:SRC->DST or node:NAME at the start."_s, u"WHAT"_s},
        {u"at"_s, u"Show this instant: 14:05, 14:05:12 or an ISO date and time."_s, u"TIME"_s},
        {u"export"_s,
            u"Save what is on screen and go on: .png .svg .pdf .json .dot .graphml .csv."_s,
            u"FILE"_s},
        {u"exit-after"_s, u"Leave after so many seconds."_s, u"SECONDS"_s},
        {u"scheme"_s, u"light or dark, whatever the system says."_s, u"SCHEME"_s},
        {{u"h"_s, u"help"_s}, u"Print this text."_s},
        {{u"v"_s, u"version"_s}, u"Print the version."_s},
    });
}

CommandLine::Leave usage(const QString& sentence)
{
    return {kUsage, {}, u"meshyard: "_s + sentence + u" Try meshyard --help.\n"_s};
}

QString helpText(const QCommandLineParser& parser)
{
    return parser.helpText()
        + u"\nExit codes: 0 done, 1 failed, 2 wrong usage. Logs go to standard error.\n"_s;
}

} // namespace

std::optional<CommandLine::Leave> CommandLine::parse(
    const QStringList& arguments, CommandLine& into)
{
    QCommandLineParser parser;
    parser.setApplicationDescription(
        u"Shows a service mesh live and changes it by hand. Without arguments it asks what to open."_s);
    addOptions(parser);
    if (!parser.parse(arguments))
        return usage(parser.errorText());
    if (parser.isSet(u"help"_s))
        return Leave{0, helpText(parser), {}};
    if (parser.isSet(u"version"_s))
        return Leave{0, u"meshyard %1\n"_s.arg(QStringLiteral(MESHYARD_VERSION)), {}};
    if (!parser.positionalArguments().isEmpty())
        return usage(u"\"%1\" is not an option."_s.arg(parser.positionalArguments().first()));
    const int chosen = (parser.isSet(u"demo"_s) ? 1 : 0) + (parser.isSet(u"connect"_s) ? 1 : 0)
        + (parser.isSet(u"open"_s) ? 1 : 0);
    if (chosen > 1)
        return usage(u"Only one of --demo, --connect and --open is possible."_s);
    into.address = parser.value(u"connect"_s);
    into.file = parser.value(u"open"_s);
    into.select = parser.value(u"select"_s);
    into.at = parser.value(u"at"_s);
    into.exportFile = parser.value(u"export"_s);
    into.scheme = parser.value(u"scheme"_s);
    if (parser.isSet(u"demo"_s))
        into.mesh = Mesh::Demo;
    else if (parser.isSet(u"connect"_s))
        into.mesh = Mesh::Connect;
    else if (parser.isSet(u"open"_s))
        into.mesh = Mesh::Open;
    if (into.mesh == Mesh::Open && !QFileInfo(into.file).isReadable())
        return Leave{kFailed, {}, u"meshyard: %1 cannot be read.\n"_s.arg(into.file)};
    if (!into.scheme.isEmpty() && into.scheme != u"light"_s && into.scheme != u"dark"_s)
        return usage(u"--scheme is light or dark, not \"%1\"."_s.arg(into.scheme));
    if (parser.isSet(u"exit-after"_s)) {
        bool ok = false;
        const int seconds = parser.value(u"exit-after"_s).toInt(&ok);
        if (!ok || seconds < 0)
            return usage(u"--exit-after takes a number of seconds, not \"%1\"."_s.arg(
                parser.value(u"exit-after"_s)));
        into.exitAfterSeconds = seconds;
    }
    return std::nullopt;
}

} // namespace meshyard::app
