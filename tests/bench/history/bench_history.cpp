// SPDX-License-Identifier: GPL-3.0-or-later
// What recording costs and how quickly the past is there: bench_history [--edges N] [--seconds S]
// without --edges: 1,000 and 10,000. Every edge is busy in every second (about 40 calls, lognormal
// latency with one percent tenfold outliers).
#include "client/history/history_reader.h"
#include "client/history/recorder.h"
#include "tests/support/mesh_samples.h"

#include <fmt/format.h>

#include <QCommandLineParser>
#include <QCoreApplication>
#include <QFileInfo>
#include <QTemporaryDir>

#include <algorithm>
#include <chrono>
#include <ctime>

namespace {

using namespace meshyard;

constexpr std::int64_t kStart = 1'767'225'600;

double cpuSeconds()
{
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

struct Spread
{
    std::vector<double> ms;
    std::vector<double> cpuMs;

    template <typename Work> void time(Work work)
    {
        const auto begun = std::chrono::steady_clock::now();
        const double cpu = cpuSeconds();
        work();
        cpuMs.push_back((cpuSeconds() - cpu) * 1000);
        const std::chrono::duration<double, std::milli> took
            = std::chrono::steady_clock::now() - begun;
        ms.push_back(took.count());
    }
    static double at(std::vector<double>& all, double quantile)
    {
        std::sort(all.begin(), all.end());
        const auto rank = static_cast<std::size_t>(quantile * static_cast<double>(all.size()));
        return all[std::min(all.size() - 1, rank)];
    }
    std::string text()
    {
        return fmt::format("p50 {:7.2f}  p95 {:7.2f}  max {:7.2f} ms; CPU p50 {:.2f} ms",
            at(ms, 0.5), at(ms, 0.95), at(ms, 1), at(cpuMs, 0.5));
    }
};

/// Bytes of the whole minutes with their tiles' share of half-full pages.
struct Stored
{
    double summary = 0;
    double sketches = 0;
    double pages = 0; // of the whole file against what its rows hold
    std::int64_t tiles = 0;
};
Stored storedBytes(const std::string& file)
{
    const auto database = history::Database::open(file, history::Database::Mode::ReadOnly).value();
    const auto number = [&database](const char* sql) {
        history::Statement statement(*database, sql);
        return statement.step() ? static_cast<double>(statement.number(0)) : 0.0;
    };
    Stored stored;
    stored.summary = number("SELECT sum(length(v)) FROM tile");
    stored.sketches = number("SELECT sum(length(v)) FROM sk");
    stored.tiles = static_cast<std::int64_t>(number("SELECT count(*) FROM tile"));
    const double rows = stored.summary + stored.sketches
        + number("SELECT coalesce(sum(length(v)), 0) FROM live")
        + number("SELECT coalesce(sum(length(v)), 0) FROM topo")
        + number("SELECT coalesce(sum(length(v)), 0) FROM total");
    stored.pages = number("SELECT (p.page_count - f.freelist_count) * s.page_size FROM"
                          " pragma_page_count p, pragma_freelist_count f, pragma_page_size s")
        / rows;
    return stored;
}

void record(const std::string& file, unsigned edges, int seconds)
{
    auto recorder = history::Recorder::open(file, {}).value();
    MeshFrame start = test::randomFrame(1, edges);
    start.unixMs = (kStart - 1) * 1000;
    start.closesSecond = false;
    start.samples.clear();
    recorder->append(start);
    std::mt19937 random(7);
    double cpu = 0;
    Spread tick;
    for (int i = 0; i < seconds; ++i) {
        MeshFrame frame;
        frame.unixMs = (kStart + i) * 1000;
        frame.closesSecond = true;
        for (EdgeId edge = 1; edge <= edges; ++edge)
            frame.samples.push_back(test::randomSample(random, edge));
        const double before = cpuSeconds();
        tick.time([&] {
            recorder->append(frame);
            if (const auto written = recorder->commit(); !written)
                fmt::print(stderr, "{}\n", written.error().message);
        });
        cpu += cpuSeconds() - before;
    }
    fmt::print("  recording: {:.2f} % of a core at 1 Hz; a second takes {}\n", 100 * cpu / seconds,
        tick.text());
    const Stored stored = storedBytes(file);
    const double edgeSeconds = static_cast<double>(stored.tiles) * 60 * edges / ((edges + 64) / 64);
    fmt::print(
        "  disk: {:.1f} B summary + {:.1f} B sketch per busy edge-second, times {:.2f} for pages"
        " = {:.1f} B\n",
        stored.summary / edgeSeconds, stored.sketches / edgeSeconds, stored.pages,
        stored.pages * (stored.summary + stored.sketches) / edgeSeconds);
}

void ask(const std::string& file, unsigned edges, int seconds)
{
    const auto reader = history::HistoryReader::open(file).value();
    std::mt19937 random(3);
    const int tiled = (seconds / 60 - 1) * 60;
    Spread cold;
    Spread next;
    Spread series;
    for (int i = 0; i < 30; ++i) {
        const std::int64_t t = kStart + static_cast<int>(random() % static_cast<unsigned>(tiled));
        const auto fresh = history::HistoryReader::open(file).value();
        cold.time([&] { static_cast<void>(fresh->frameAt(t * 1000, 0)); });
        next.time([&] { static_cast<void>(fresh->frameAt((t + 1) * 1000, 0)); });
        series.time([&] {
            static_cast<void>(
                reader->series(test::edgeKey(1 + static_cast<unsigned>(random()) % edges),
                    kStart * 1000, (kStart + tiled) * 1000, 1));
        });
    }
    fmt::print("  seek, whole graph, any second:       {}\n", cold.text());
    fmt::print("  seek inside the minute just read:    {}\n", next.text());
    fmt::print("  one edge's p99, {:4d} s in 1 s steps:  {}\n", tiled, series.text());
    Spread totals;
    totals.time(
        [&] { static_cast<void>(reader->totals(kStart * 1000, (kStart + tiled) * 1000, 1)); });
    fmt::print("  timeline, {:4d} s in 1 s steps:        {}\n", tiled, totals.text());
}

} // namespace

int main(int argc, char** argv)
{
    QCoreApplication application(argc, argv);
    QCommandLineParser options;
    options.addOption({QStringLiteral("edges"), QStringLiteral("busy edges"), QStringLiteral("N")});
    options.addOption({QStringLiteral("seconds"), QStringLiteral("recorded time"),
        QStringLiteral("S"), QStringLiteral("190")});
    options.addHelpOption();
    options.process(application);
    const int seconds = options.value(QStringLiteral("seconds")).toInt();
    std::vector<unsigned> sizes{1000, 10'000};
    if (options.isSet(QStringLiteral("edges")))
        sizes = {options.value(QStringLiteral("edges")).toUInt()};
    if (seconds < 130 || sizes[0] == 0) {
        fmt::print(stderr, "bench_history: at least 130 seconds and one edge\n");
        return 2;
    }
    for (const unsigned edges : sizes) {
        const QTemporaryDir folder;
        const std::string file = folder.filePath(QStringLiteral("h.sqlite")).toStdString();
        fmt::print("{} busy edges, {} s\n", edges, seconds);
        record(file, edges, seconds);
        ask(file, edges, seconds);
        std::fflush(stdout);
    }
    return 0;
}
