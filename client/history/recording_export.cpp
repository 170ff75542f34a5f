// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/history/recording_export.h"

#include "client/history/history_reader.h"

#include <fmt/format.h>

#include <filesystem>

namespace meshyard::history {

namespace {

/// "?from", "?to" are whole minutes in seconds; events and revisions keep the exact range.
std::string copyStatements(std::int64_t fromS, std::int64_t toS)
{
    const std::int64_t from = fromS - fromS % kTileSeconds;
    const std::int64_t to = toS - toS % kTileSeconds + kTileSeconds;
    return fmt::format(R"(BEGIN;
INSERT INTO edge SELECT * FROM src.edge;
INSERT INTO tile SELECT * FROM src.tile WHERE res = 1 AND t0 >= {0} AND t0 < {1};
INSERT INTO sk SELECT * FROM src.sk WHERE res = 1 AND t0 >= {0} AND t0 < {1};
INSERT INTO total SELECT * FROM src.total WHERE t0 >= {0} AND t0 < {1};
INSERT INTO live SELECT * FROM src.live WHERE t >= {0} AND t < {1};
INSERT INTO topo SELECT * FROM src.topo WHERE t < {1} AND id >= coalesce(
    (SELECT id FROM src.topo WHERE keyframe = 1 AND t <= {0} ORDER BY t DESC, id DESC LIMIT 1),
    (SELECT min(id) FROM src.topo));
INSERT INTO event SELECT * FROM src.event WHERE t >= {0} * 1000 AND t < {1} * 1000;
INSERT INTO revision SELECT * FROM src.revision WHERE t < {1} * 1000;
INSERT INTO meta VALUES('from', {2}), ('to', {3});
COMMIT)",
        from, to, fromS, toS);
}

Result<void> copyRange(
    const std::string& history, std::int64_t fromMs, std::int64_t toMs, const std::string& partial)
{
    auto database = Database::open(partial, Database::Mode::Create, Database::Journal::Plain);
    if (!database)
        return tl::unexpected(database.error());
    Statement attach(**database, "ATTACH ? AS src");
    attach.bind(1, std::string_view(history));
    if (auto attached = attach.run(); !attached)
        return attached;
    if (auto copied = (*database)->execute(copyStatements(fromMs / 1000, toMs / 1000)); !copied)
        return copied;
    return (*database)->execute("DETACH src; VACUUM");
}

} // namespace

Result<void> exportRecording(
    const std::string& history, std::int64_t fromMs, std::int64_t toMs, const std::string& target)
{
    {
        auto reader = HistoryReader::open(history);
        if (!reader)
            return tl::unexpected(reader.error());
        const auto span = (*reader)->span();
        if (!span)
            return tl::unexpected(span.error());
        if (!*span || (*span)->toMs < fromMs || (*span)->fromMs > toMs)
            return failure(ErrorCode::NotFound, "nothing is recorded in that range");
    }
    const std::string partial = target + ".partial";
    std::error_code error;
    std::filesystem::remove(partial, error);
    if (auto copied = copyRange(history, fromMs, toMs, partial); !copied) {
        std::filesystem::remove(partial, error);
        return copied;
    }
    std::filesystem::rename(partial, target, error);
    if (error)
        return failure(ErrorCode::PermissionDenied,
            fmt::format("cannot write {}: {}", target, error.message()));
    return {};
}

} // namespace meshyard::history
