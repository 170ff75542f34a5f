// SPDX-License-Identifier: GPL-3.0-or-later
#include "app/meshyardctl/yaml_json.h"

#include <nlohmann/json.hpp>
#include <yaml-cpp/yaml.h>

namespace meshyard::ctl {

namespace {

Json scalar(const YAML::Node& node)
{
    const std::string& text = node.Scalar();
    if (node.Tag() == "!") // quoted
        return text;
    if (text == "true" || text == "false")
        return text == "true";
    std::int64_t integer = 0;
    if (text.find_first_not_of("+-0123456789") == std::string::npos
        && YAML::convert<std::int64_t>::decode(node, integer))
        return integer;
    double number = 0;
    if (text.find_first_not_of("+-0123456789.eE") == std::string::npos
        && YAML::convert<double>::decode(node, number))
        return number;
    return text;
}

Json convert(const YAML::Node& node)
{
    if (node.IsSequence()) {
        Json out = Json::array();
        for (const YAML::Node& item : node)
            out.push_back(convert(item));
        return out;
    }
    if (node.IsMap()) {
        Json out = Json::object();
        for (const auto& entry : node)
            out[entry.first.Scalar()] = convert(entry.second);
        return out;
    }
    return node.IsScalar() ? scalar(node) : Json();
}

} // namespace

Result<Json> yamlToJson(const std::string& text)
{
    try {
        return convert(YAML::Load(text));
    } catch (const YAML::Exception& error) {
        return failure(
            ErrorCode::DataLoss, std::string("a stored document is no YAML: ") + error.what());
    }
}

} // namespace meshyard::ctl
