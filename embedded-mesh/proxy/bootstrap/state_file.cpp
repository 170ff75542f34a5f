// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/bootstrap/state_file.h"

#include "envoy/service/discovery/v3/discovery.pb.h"

#include <google/protobuf/util/delimited_message_util.h>

#include <sys/stat.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

namespace meshyard::proxy {

namespace {

std::string pathIn(const std::string& folder)
{
    return folder + "/proxy-config.pb";
}

} // namespace

Result<void> saveState(const ConfigStore& store, const std::string& folder)
{
    const std::string path = pathIn(folder);
    const std::string fresh = path + ".new";
    const mode_t mask = ::umask(0077);
    std::ofstream file(fresh, std::ios::binary | std::ios::trunc);
    ::umask(mask);
    bool written = file.is_open();
    for (const auto& response : store.exportAll())
        written = written && google::protobuf::util::SerializeDelimitedToOstream(response, &file);
    file.close();
    if (!written || !file || std::rename(fresh.c_str(), path.c_str()) != 0)
        return failure(
            ErrorCode::Unavailable, "cannot write " + path + ": " + std::strerror(errno));
    return {};
}

Result<void> loadState(ConfigStore& store, const std::string& folder)
{
    std::ifstream file(pathIn(folder), std::ios::binary);
    if (!file)
        return failure(ErrorCode::NotFound, "no configuration in " + folder);
    google::protobuf::io::IstreamInputStream input(&file);
    std::vector<envoy::service::discovery::v3::DiscoveryResponse> responses;
    for (bool atEnd = false; !atEnd;) {
        envoy::service::discovery::v3::DiscoveryResponse response;
        if (google::protobuf::util::ParseDelimitedFromZeroCopyStream(&response, &input, &atEnd))
            responses.push_back(std::move(response));
        else if (!atEnd)
            return failure(ErrorCode::DataLoss, pathIn(folder) + " is damaged");
    }
    return store.importAll(responses);
}

} // namespace meshyard::proxy
