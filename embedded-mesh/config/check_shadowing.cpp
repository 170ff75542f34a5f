// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/config/check_shadowing.h"

#include "embedded-mesh/document/message_writer.h"
#include "embedded-mesh/document/yaml_printer.h"

#include "istio/kinds/v1/virtual_service.pb.h"
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace meshyard::config {
namespace {

using namespace kinds::v1;

/// What a block asks for beside its URI, and the block whole, each as a comparable text.
struct BlockKey
{
    std::string whole;
    std::string others;
};

BlockKey keyOf(const HttpMatchRequest& block)
{
    HttpMatchRequest plain = block;
    plain.clear_name();
    plain.clear_stat_prefix();
    if (!plain.has_uri())
        plain.clear_ignore_uri_case();
    const auto text
        = [](const HttpMatchRequest& m) { return document::printFlow(document::toNode(m)); };
    BlockKey key{text(plain), {}};
    const bool fold = plain.ignore_uri_case();
    plain.clear_uri();
    plain.set_ignore_uri_case(fold);
    key.others = text(plain);
    return key;
}

/// Remembers blocks with the rule they stand in.
class Cover
{
public:
    void add(const HttpMatchRequest& block, int rule)
    {
        const BlockKey key = keyOf(block);
        m_whole.emplace(key.whole, rule);
        if (!block.has_uri())
            m_anyUri.emplace(key.others, rule);
        else if (block.uri().match_type_case() == StringMatch::kPrefix)
            m_prefixes[key.others].emplace(block.uri().prefix(), rule);
        if (key.others == "{}" && block.uri().prefix() == "/")
            m_all = m_all ? m_all : rule;
        if (!block.has_uri() && key.others == "{}")
            m_all = m_all ? m_all : rule;
    }

    void addCatchAll(int rule) { m_all = m_all ? m_all : std::optional(rule); }
    std::optional<int> all() const { return m_all; }

    /// @return the rule that takes everything the block would.
    std::optional<int> rule(const HttpMatchRequest& block) const
    {
        if (m_all)
            return m_all;
        const BlockKey key = keyOf(block);
        if (const auto same = m_whole.find(key.whole); same != m_whole.end())
            return same->second;
        if (const auto any = m_anyUri.find(key.others); any != m_anyUri.end())
            return any->second;
        const auto prefixes = m_prefixes.find(key.others);
        const std::string& uri = block.uri().match_type_case() == StringMatch::kPrefix
            ? block.uri().prefix()
            : block.uri().exact();
        if (prefixes == m_prefixes.end() || uri.empty())
            return std::nullopt;
        for (std::size_t length = 1; length <= uri.size(); ++length) {
            const auto shorter = prefixes->second.find(uri.substr(0, length));
            if (shorter != prefixes->second.end())
                return shorter->second;
        }
        return std::nullopt;
    }

private:
    std::optional<int> m_all;
    std::unordered_map<std::string, int> m_whole;
    std::unordered_map<std::string, int> m_anyUri;
    std::unordered_map<std::string, std::unordered_map<std::string, int>> m_prefixes;
};

} // namespace

void checkShadowing(const CheckContext& context, const VirtualService& spec)
{
    Cover cover;
    for (int i = 0; i < spec.http_size(); ++i) {
        const auto& rule = spec.http(i);
        const std::string field = at("spec.http", i);
        std::vector<std::pair<int, int>> covered;
        for (int k = 0; k < rule.match_size(); ++k) {
            if (const auto earlier = cover.rule(rule.match(k)))
                covered.emplace_back(k, *earlier);
        }
        const bool whole = rule.match().empty()
            ? cover.all().has_value()
            : static_cast<int>(covered.size()) == rule.match_size();
        if (whole) {
            const int earlier = rule.match().empty() ? *cover.all() : covered.front().second;
            context.warning("MY0302", field,
                fmt::format(
                    "this rule is never reached: rule {} takes all its requests; move it up or "
                    "remove it",
                    earlier + 1));
        } else {
            for (const auto& [block, earlier] : covered)
                context.warning("MY0302", at(field + ".match", block),
                    fmt::format(
                        "this match has no effect: rule {} takes its requests", earlier + 1));
        }
        if (rule.match().empty())
            cover.addCatchAll(i);
        for (const auto& block : rule.match())
            cover.add(block, i);
    }
}

} // namespace meshyard::config
