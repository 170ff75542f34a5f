// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <string>
#include <vector>

namespace google::protobuf {
class Message;
}

namespace meshyard::proxy {

/// Paths of the fields that are set in a configuration message but have no effect in this proxy,
/// such as "virtual_hosts[0].routes[2].route.request_mirror_policies". Nothing is ignored in
/// silence: a bootstrap that has any is refused, over xDS each is a warning.
std::vector<std::string> fieldsWithoutEffect(const google::protobuf::Message& message);

} // namespace meshyard::proxy
