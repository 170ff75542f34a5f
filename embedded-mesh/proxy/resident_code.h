// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace meshyard::proxy {

/// Lets go of the code and constants that only the start needed. The kernel maps 64 KiB around each
/// page touched, so that after start-up nearly the whole program and its libraries are resident;
/// what runs from now on comes back from the page cache as it is used.
///
/// Safe at any time: only read-only, file-backed segments are dropped.
void dropStartupCode();

} // namespace meshyard::proxy
