// SPDX-License-Identifier: GPL-3.0-or-later
//
// Runs the console on a demo mesh and prints what a person would wait for:
//   start: process start → first frame → live graph, mesh included
//   live:  trip and reset asked of the control plane → drawn; longest event of the
//          GUI thread; CPU with particles and with reduced motion; memory
// Usage: bench_console start | bench_console live [ROUNDS]. Exit 1 when the mesh did not come up.

#include "app/meshyard/application.h"
#include "tests/gui/console_pilot.h"
#include "tests/support/mesh_fixture.h"
#include "widgets/topology/topology_view.h"

#include <QApplication>
#include <QElapsedTimer>
#include <QFile>
#include <QTimer>

#include <ctime>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <thread>

using namespace Qt::Literals::StringLiterals;
using namespace meshyard;
using namespace meshyard::test;

namespace {

constexpr int kProductionEdges = 8;
constexpr qint64 kPatienceMs = 60'000;

const QString kPage = u"production/productpage@v1"_s;
const QString kDetails = u"production/details@v1"_s;

/// Milliseconds since this process was started, dynamic linking included (steps of 10 ms).
double sinceProcessStartMs()
{
    QFile stat(u"/proc/self/stat"_s);
    if (!stat.open(QIODevice::ReadOnly))
        return 0;
    const QByteArray text = stat.readAll();
    const QList<QByteArray> fields = text.mid(text.lastIndexOf(')') + 2).split(' ');
    const double started = fields.value(19).toDouble() / static_cast<double>(sysconf(_SC_CLK_TCK));
    timespec now{};
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9 - started)
        * 1000;
}

double cpuSeconds()
{
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    const auto seconds = [](const timeval& time) {
        return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
    };
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double memoryMiB()
{
    QFile status(u"/proc/self/status"_s);
    if (!status.open(QIODevice::ReadOnly))
        return 0;
    for (const QByteArray& line : status.readAll().split('\n'))
        if (line.startsWith("VmRSS:"))
            return line.simplified().split(' ').value(1).toDouble() / 1024;
    return 0;
}

/// Times every event that the application delivers while a bench waits, itself inside an event.
class TimedApplication final : public QApplication
{
public:
    using QApplication::QApplication;

    bool notify(QObject* receiver, QEvent* event) override
    {
        QElapsedTimer timer;
        timer.start();
        ++m_depth;
        const bool taken = QApplication::notify(receiver, event);
        --m_depth;
        if (m_depth == 1)
            m_longestNs = std::max(m_longestNs, timer.nsecsElapsed());
        return taken;
    }
    double takeLongestMs() { return static_cast<double>(std::exchange(m_longestNs, 0)) / 1e6; }

private:
    int m_depth = 0;
    qint64 m_longestNs = 0;
};

/// The first paint of the window's canvas.
class PaintWatch final : public QObject
{
public:
    bool eventFilter(QObject* /*watched*/, QEvent* event) override
    {
        if (event->type() == QEvent::Paint)
            ++paints;
        return false;
    }
    int paints = 0;
};

ui::MainWindow* window()
{
    for (QWidget* widget : QApplication::topLevelWidgets())
        if (auto* found = qobject_cast<ui::MainWindow*>(widget))
            return found;
    return nullptr;
}

/// Runs the event loop until `done` or patience ends. @return milliseconds, -1 = never.
template <typename Done> double until(Done&& done)
{
    QElapsedTimer timer;
    timer.start();
    while (timer.elapsed() < kPatienceMs) {
        if (done())
            return static_cast<double>(timer.nsecsElapsed()) / 1e6;
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    return -1;
}

void print(const char* what, std::vector<double> values)
{
    if (values.empty())
        return;
    std::sort(values.begin(), values.end());
    std::printf("%-48s median %7.1f ms   p95 %7.1f   max %7.1f   n %zu\n", what,
        values[values.size() / 2], values[values.size() * 95 / 100], values.back(), values.size());
}

int benchStart(QApplication& qt)
{
    app::CommandLine commandLine;
    commandLine.mesh = app::CommandLine::Mesh::Demo;
    app::Application application(qt, commandLine);
    PaintWatch watch;
    int code = 1;
    QTimer::singleShot(0, &watch, [&] {
        ui::MainWindow* shown = window();
        shown->installEventFilter(&watch);
        until([&] { return watch.paints > 0; });
        std::printf("%-48s %7.0f ms\n", "process start -> first frame", sinceProcessStartMs());
        const ConsolePilot pilot(*shown);
        if (until([&] { return pilot.edgesWithin(u"production"_s) >= kProductionEdges; }) >= 0) {
            std::printf("%-48s %7.0f ms\n", "process start -> live graph (8 edges measured)",
                sinceProcessStartMs());
            code = 0;
        }
        QCoreApplication::exit(code);
    });
    application.run();
    return code;
}

void benchTrip(MeshFixture& mesh, const ConsolePilot& pilot, int rounds)
{
    std::vector<double> tripped;
    std::vector<double> reset;
    const auto drawn = [&](bool open) {
        const auto edge = pilot.edge(kPage, kDetails);
        return edge && (edge->badge.kind == scene::BadgeKind::Tripped) == open;
    };
    for (int round = 0; round < rounds; ++round) {
        for (const bool open : {true, false}) {
            std::thread asker([&] {
                grpc::ClientContext context;
                v1::SetOverrideResponse response;
                v1::EdgeSelector edge;
                edge.set_source_namespace("production");
                edge.set_source_service("productpage");
                edge.set_destination_namespace("production");
                edge.set_destination_service("details");
                if (open) {
                    v1::SetOverrideRequest request;
                    *request.mutable_edge() = edge;
                    request.set_kind(v1::FORCED_OPEN);
                    request.set_ttl_ms(60'000);
                    mesh.admin().SetOverride(&context, request, &response);
                } else {
                    v1::ResetBreakerRequest request;
                    *request.mutable_edge() = edge;
                    mesh.admin().ResetBreaker(&context, request, &response);
                }
            });
            const double took = until([&] { return drawn(open); });
            asker.join();
            if (took >= 0)
                (open ? tripped : reset).push_back(took);
        }
    }
    print("trip asked of the control plane -> drawn", tripped);
    print("reset asked of the control plane -> drawn", reset);
}

void benchIdle(TimedApplication& qt, const ConsolePilot& pilot, int seconds)
{
    for (const bool reduced : {false, true}) {
        pilot.canvas().setReducedMotion(reduced);
        qt.takeLongestMs();
        QElapsedTimer timer;
        timer.start();
        const double before = cpuSeconds();
        until([&] { return timer.elapsed() >= seconds * 1000; });
        const double wall = static_cast<double>(timer.elapsed()) / 1000;
        std::printf("%-48s %7.2f %% of a core over %.0f s, longest event %.1f ms\n",
            reduced ? "console live, reduced motion" : "console live, particles",
            (cpuSeconds() - before) / wall * 100, wall, qt.takeLongestMs());
    }
    std::printf("%-48s %7.0f MiB\n", "console resident memory", memoryMiB());
}

int benchLive(TimedApplication& qt, MeshFixture& mesh, int rounds)
{
    app::CommandLine commandLine;
    commandLine.mesh = app::CommandLine::Mesh::Connect;
    commandLine.address = QString::fromStdString(mesh.address());
    app::Application application(qt, commandLine);
    int code = 1;
    QTimer::singleShot(0, &qt, [&] {
        const ConsolePilot pilot(*window());
        if (until([&] { return pilot.edgesWithin(u"production"_s) >= kProductionEdges; }) >= 0) {
            benchTrip(mesh, pilot, rounds);
            benchIdle(qt, pilot, rounds < 5 ? 3 : 20);
            code = 0;
        }
        QCoreApplication::exit(code);
    });
    application.run();
    return code;
}

} // namespace

int main(int argc, char** argv)
{
    const bool live = argc > 1 && std::string_view(argv[1]) == "live";
    MeshFixture mesh; // its folder serves both
    if (live) {
        if (const auto started = mesh.start({u"--demo"_s}); !started) {
            std::fprintf(stderr, "the mesh did not start: %s\n", started.error().message.c_str());
            return 1;
        }
    }
    for (const char* name : {"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"})
        qputenv(name, (mesh.folder() + u"/home"_s).toUtf8());
    qputenv("XDG_RUNTIME_DIR", mesh.folder().toUtf8());
    QCoreApplication::setOrganizationName(u"meshyard"_s);
    QCoreApplication::setApplicationName(u"meshyard"_s);
    TimedApplication qt(argc, argv);
    Q_INIT_RESOURCE(meshyard);
    Q_INIT_RESOURCE(meshyard_i18n);
    return live ? benchLive(qt, mesh, argc > 2 ? std::max(1, std::atoi(argv[2])) : 30)
                : benchStart(qt);
}
