// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/demo_content.h"

#include "embedded-mesh/workloads/json_text.h"

#include <fmt/format.h>

namespace meshyard::workloads {

namespace {

constexpr std::string_view kProse
    = "A switchyard sorts wagons by where they are bound. Each track is a route, each point a "
      "rule, and the yard master sees at a glance which lines are clear, which are crowded and "
      "which are closed. When a line fails, the points are thrown before the next train arrives. ";

std::string ownPart(std::string_view service, std::string_view version)
{
    if (service == "details")
        return R"("title":"The Comedy of Errors","author":"William Shakespeare","year":1595,)"
               R"("type":"paperback","pages":200,"language":"English")";
    if (service == "ratings")
        return R"("ratings":{"Reviewer1":5,"Reviewer2":4})";
    if (service == "reviews") {
        const std::string_view stars = version == "v1" ? "none" : version == "v2" ? "black" : "red";
        return fmt::format(
            R"("stars":"{}","reviews":[{{"reviewer":"Reviewer1","text":"Quick, witty and short."}},)"
            R"({{"reviewer":"Reviewer2","text":"Two pairs of twins are one pair too many."}}])",
            stars);
    }
    if (service == "productpage")
        return R"("product":{"id":0,"title":"The Comedy of Errors"})";
    return R"("note":"an answer of the demo mesh")";
}

} // namespace

std::string demoContent(std::string_view service, std::string_view version, std::size_t bytes)
{
    std::string content = ownPart(service, version);
    std::string prose;
    while (content.size() + prose.size() < bytes)
        prose += kProse;
    if (content.size() + prose.size() > bytes)
        prose.resize(bytes > content.size() ? bytes - content.size() : 0);
    return content + ",\"text\":" + quoted(prose);
}

} // namespace meshyard::workloads
