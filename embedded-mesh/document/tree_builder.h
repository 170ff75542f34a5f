// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/document/node.h"
#include "embedded-mesh/document/problem.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/mark.h>

#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace meshyard::document {

/// Builds our marked tree from yaml-cpp's events, so that duplicate keys are seen.
class TreeBuilder final : public YAML::EventHandler
{
public:
    /// @param text the whole text being parsed, for columns in characters; outlives us.
    TreeBuilder(std::string_view text, std::uint32_t firstLine);

    Node takeRoot() { return std::move(m_root); }
    Problems takeProblems() { return std::move(m_problems); }

    void OnDocumentStart(const YAML::Mark& mark) override;
    void OnDocumentEnd() override;
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override;
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
        const std::string& value) override;
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
        YAML::EmitterStyle::value style) override;
    void OnSequenceEnd() override;
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
        YAML::EmitterStyle::value style) override;
    void OnMapEnd() override;

private:
    struct Frame
    {
        Node node;
        YAML::anchor_t anchor = 0;
        std::unordered_map<std::string, std::uint32_t> seen; ///< key to its line, for big maps
    };

    Node placed(const YAML::Mark& mark, Node::Kind kind) const;
    void open(const YAML::Mark& mark, Node::Kind kind, YAML::anchor_t anchor,
        YAML::EmitterStyle::value style);
    void close();
    void add(Node node, YAML::anchor_t anchor);
    void addKey(Frame& frame, Node key);
    void report(ProblemKind kind, const Node& at, std::string message);
    std::string pathHere() const;

    std::string_view m_text;
    std::uint32_t m_firstLine;
    bool m_ascii;
    std::vector<Frame> m_open;
    std::map<YAML::anchor_t, Node> m_anchors;
    std::size_t m_nodes = 0;
    Node m_root;
    Problems m_problems;
};

} // namespace meshyard::document
