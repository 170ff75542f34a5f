// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/control_plane/xds/sotw_session.h"
#include "tests/support/fake_clock.h"

#include <map>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::test {

/// Plays one line after the other against a session and writes down what it answers, so that a test
/// is one text with events and expected responses.
///
///   snap 7 C a=1 b=2 E a=1     snapshot of revision 7; types C E L R T(runtime) O(override)
///   none                       no snapshot known
///   req CDS a b                request without nonce; ver=@ claims the snapshot's own version
///   ack EDS [a b]              newest nonce; names as in the last request unless given; "-" = none
///   nack EDS text              newest nonce with error_detail
///   stale EDS a b              the nonce before the newest
///   oldnonce CDS               a nonce of some earlier stream
///   bad                        request without a type; other TYPE     request of an unknown type
///   tick 1000                  milliseconds pass
///   wraps                      the client takes Resource in SotW
///   status                     prints "= in sync r7" or "= behind: CDS …"
/// Answers: "> CDS a=1 b=2".
class SessionScript final
{
public:
    /// @return the script with the answers that really came.
    static std::string play(const std::string& script);

private:
    SessionScript();
    void step(const std::string& line);
    void setSnapshot(std::istringstream& words);
    void request(std::istringstream& words, const std::string& verb);
    void printResponses();
    void printStatus();

    FakeClock m_clock;
    control_plane::SotwSession m_session;
    control_plane::NodeInfo m_node;
    control_plane::NodeSnapshotPtr m_snapshot;
    std::map<std::string, std::vector<std::string>> m_nonces; // by type, oldest first
    std::map<std::string, std::vector<std::string>> m_names;
    std::ostringstream m_transcript;
};

} // namespace meshyard::test
