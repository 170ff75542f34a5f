// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "client/history/async_reader.h"
#include "ui/session/past_reader.h"

namespace meshyard::app {

/// The window's past, read from a history or recording file.
///
/// Thread: GUI; the file is read on a thread of its own.
class HistoryPast final : public ui::PastReader
{
public:
    explicit HistoryPast(const std::string& file);

    void framesAt(std::int64_t unixMs, int seconds, QObject* context,
        Reply<std::vector<MeshFramePtr>> reply) override;
    void overview(std::int64_t fromMs, std::int64_t toMs, int steps, QObject* context,
        Reply<ui::PastOverview> reply) override;

private:
    history::AsyncReader m_reader;
};

} // namespace meshyard::app
