// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

namespace google::protobuf {
class Message;
}

namespace meshyard::proxy {

/// Takes keys and passwords out, wherever they stand, so that the rest can be shown to people.
void redactSecrets(google::protobuf::Message& message);

} // namespace meshyard::proxy
