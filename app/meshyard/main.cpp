// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyard/application.h"

#include <QApplication>

#include <cstdio>
#include <cstdlib>

using namespace Qt::Literals::StringLiterals;
using meshyard::app::Application;
using meshyard::app::CommandLine;

namespace {

bool hasDisplay()
{
    return qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY")
        || qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
}

/// Qt aborts when it cannot reach the display it was told of; one sentence is kinder than a core.
void sayFatalOnce(QtMsgType type, const QMessageLogContext& context, const QString& message)
{
    if (type == QtFatalMsg) {
        std::fprintf(stderr, "meshyard: there is no display to open a window on: %s\n",
            qPrintable(message.section(u'\n', 0, 0)));
        std::_Exit(1);
    }
    std::fprintf(stderr, "%s\n", qPrintable(qFormatLogMessage(type, context, message)));
}

} // namespace

int main(int argc, char** argv)
{
    QStringList arguments;
    for (int i = 0; i < argc; ++i)
        arguments << QString::fromLocal8Bit(argv[i]);
    CommandLine commandLine;
    if (const auto leave = CommandLine::parse(arguments, commandLine)) {
        std::fputs(qPrintable(leave->out), stdout);
        std::fputs(qPrintable(leave->err), stderr);
        return leave->code;
    }
    if (!hasDisplay()) {
        std::fputs(
            "meshyard: there is no display. Log in to a desktop, or run it under xvfb-run.\n",
            stderr);
        return 1;
    }
    QCoreApplication::setOrganizationName(u"meshyard"_s);
    QCoreApplication::setApplicationName(u"meshyard"_s);
    QCoreApplication::setApplicationVersion(QStringLiteral(MESHYARD_VERSION));
    QGuiApplication::setDesktopFileName(u"meshyard"_s);
    QGuiApplication::setHighDpiScaleFactorRoundingPolicy(
        Qt::HighDpiScaleFactorRoundingPolicy::PassThrough);
    qInstallMessageHandler(sayFatalOnce);
    QApplication qt(argc, argv);
    Q_INIT_RESOURCE(meshyard);
    Q_INIT_RESOURCE(meshyard_i18n);
    Application application(qt, commandLine);
    return application.run();
}
