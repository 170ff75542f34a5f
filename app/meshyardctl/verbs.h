// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "app/meshyardctl/context.h"

namespace CLI {
class App;
}

namespace meshyard::ctl {

/// Each adds its verbs to the command line; a verb's callback leaves its exit code in `exit`.
void addReadVerbs(CLI::App& app, Context& context, int& exit);
void addConfigVerbs(CLI::App& app, Context& context, int& exit);
void addBreakerVerbs(CLI::App& app, Context& context, int& exit);
void addFileVerbs(CLI::App& app, Context& context, int& exit);
void addRecordVerbs(CLI::App& app, Context& context, int& exit);

} // namespace meshyard::ctl
