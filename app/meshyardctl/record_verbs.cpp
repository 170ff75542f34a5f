// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/output.h"
#include "app/meshyardctl/time_text.h"
#include "app/meshyardctl/verbs.h"
#include "client/history/recorder.h"
#include "client/history/recording_export.h"
#include "client/mesh_address.h"
#include "client/model/mesh_model.h"
#include "client/snapshot/snapshot.h"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

namespace meshyard::ctl {

namespace {

volatile std::sig_atomic_t g_stop = 0; // set by the signal handler alone

std::int64_t nowMs()
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::system_clock::now().time_since_epoch())
        .count();
}

int complain(const std::string& sentence)
{
    std::fprintf(stderr, "meshyardctl: %s\n", sentence.c_str());
    return kFailed;
}

/// The whole mesh as it is now, with the control plane's own figures over the last 10 s.
Result<Snapshot> takeSnapshotOf(MeshClient& client)
{
    MeshModel model;
    const auto watched = client.watch([&model](const MeshFramePtr& frame) {
        model.apply(*frame);
        return !frame->full;
    });
    if (!watched)
        return tl::unexpected(watched.error());
    auto figures = client.edges(10, {});
    if (!figures)
        return tl::unexpected(figures.error());
    Snapshot snapshot = takeSnapshot(model);
    snapshot.edges = std::move(*figures);
    std::sort(snapshot.edges.begin(), snapshot.edges.end(),
        [](const EdgeFigures& a, const EdgeFigures& b) { return a.edge.key < b.edge.key; });
    return snapshot;
}

/// Writes beside the target, then renames: nobody reads half a file.
int writeWhole(const std::string& file, const std::string& text)
{
    const std::string partial = file + ".partial";
    std::ofstream out(partial, std::ios::binary);
    out << text;
    out.close();
    std::error_code error;
    if (out)
        std::filesystem::rename(partial, file, error);
    if (!out || error) {
        std::filesystem::remove(partial, error);
        return complain("cannot write " + file);
    }
    return kDone;
}

using Printer = std::string (*)(const Snapshot&);

Printer printerFor(const std::string& file)
{
    const std::string suffix = std::filesystem::path(file).extension().string();
    if (suffix == ".json")
        return toJsonText;
    if (suffix == ".dot")
        return toDot;
    if (suffix == ".graphml")
        return toGraphml;
    return suffix == ".csv" ? toCsv : nullptr;
}

int snapshot(Context& context, const std::string& file)
{
    const Printer print = printerFor(file);
    if (!print)
        return Context::usage(
            "snapshot writes .json, .dot, .graphml and .csv, not \"" + file + '"');
    const auto taken = takeSnapshotOf(context.client());
    if (!taken)
        return Context::report(taken.error());
    return writeWhole(file, print(*taken));
}

/// Records until a signal; a control plane that goes away is waited for.
int record(Context& context, const std::string& file)
{
    std::error_code ignored;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path(), ignored);
    auto recorder = history::Recorder::open(file, {});
    if (!recorder)
        return complain(recorder.error().message);
    std::signal(SIGINT, [](int) { g_stop = 1; });
    std::signal(SIGTERM, [](int) { g_stop = 1; });
    std::fprintf(stderr, "meshyardctl: recording into %s\n", file.c_str());
    bool lost = false;
    Result<void> written;
    while (g_stop == 0) {
        const auto watched = context.client().watch([&](const MeshFramePtr& frame) {
            lost = false;
            (*recorder)->append(*frame);
            written = (*recorder)->commit();
            return g_stop == 0 && written;
        });
        if (!written)
            return complain(written.error().message);
        if (!watched && !std::exchange(lost, true))
            std::fprintf(stderr, "meshyardctl: %s\n", watched.error().message.c_str());
        for (int i = 0; i < 10 && g_stop == 0; ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    written = (*recorder)->finish();
    return written ? kDone : complain(written.error().message);
}

struct ExportOptions
{
    std::string file;
    std::string from = "10m";
    std::string to = "now";
    std::string history;
};

int exportRange(const ExportOptions& options)
{
    const std::int64_t now = nowMs();
    const auto from = parseTimeMs(options.from, now);
    const auto to = parseTimeMs(options.to, now);
    if (!from || !to)
        return Context::usage(from ? to.error().message : from.error().message);
    if (*from >= *to)
        return Context::usage("--from is not before --to");
    const auto done = history::exportRecording(
        options.history.empty() ? historyFile() : options.history, *from, *to, options.file);
    return done ? kDone : complain(done.error().message);
}

} // namespace

void addRecordVerbs(CLI::App& app, Context& context, int& exit)
{
    auto file = std::make_shared<std::string>();
    CLI::App* snap
        = app.add_subcommand("snapshot", "the mesh as it is now: .json, .dot, .graphml or .csv");
    snap->add_option("FILE", *file, "what to write; the suffix says how")->required();
    snap->callback([&context, &exit, file] { exit = snapshot(context, *file); });

    auto history = std::make_shared<std::string>(historyFile());
    CLI::App* recordVerb
        = app.add_subcommand("record", "write the history while no console does; until Ctrl+C");
    recordVerb->add_option("FILE", *history, "history file")->capture_default_str();
    recordVerb->callback([&context, &exit, history] { exit = record(context, *history); });

    auto options = std::make_shared<ExportOptions>();
    CLI::App* cut = app.add_subcommand("export", "cut a recording out of the history");
    cut->add_option("FILE", options->file, "the recording to write")->required();
    cut->add_option("--from", options->from, "e.g. 10m, 14:03, 2026-11-23 14:03")
        ->capture_default_str();
    cut->add_option("--to", options->to, "as --from")->capture_default_str();
    cut->add_option("--history", options->history, "instead of this user's history");
    cut->callback([&exit, options] { exit = exportRange(*options); });
}

} // namespace meshyard::ctl
