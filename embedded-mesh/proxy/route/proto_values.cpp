// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/core/v3/base.pb.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

namespace meshyard::proxy {

Result<std::string> readSource(const envoy::config::core::v3::DataSource& source)
{
    using Source = envoy::config::core::v3::DataSource;
    switch (source.specifier_case()) {
    case Source::kFilename: {
        std::ifstream file(source.filename(), std::ios::binary);
        std::ostringstream text;
        if (!file || !(text << file.rdbuf()))
            return failure(ErrorCode::NotFound,
                "cannot read " + source.filename() + ": " + std::strerror(errno));
        return text.str();
    }
    case Source::kInlineBytes:
        return source.inline_bytes();
    case Source::kInlineString:
        return source.inline_string();
    case Source::kEnvironmentVariable: {
        const char* const value = std::getenv(source.environment_variable().c_str());
        if (value == nullptr)
            return failure(ErrorCode::NotFound,
                "environment variable " + source.environment_variable() + " is not set");
        return std::string(value);
    }
    case Source::SPECIFIER_NOT_SET:
        break;
    }
    return std::string();
}

} // namespace meshyard::proxy
