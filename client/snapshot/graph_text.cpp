// SPDX-License-Identifier: GPL-3.0-or-later
// Snapshots for other tools: DOT, GraphML, CSV.
#include "client/snapshot/mesh_json.h"
#include "client/snapshot/snapshot.h"

#include <fmt/format.h>

#include <set>

namespace meshyard {

namespace {

/// Text in a DOT string; control bytes go, they mean nothing there.
std::string dotText(const std::string& text)
{
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\')
            out += '\\';
        if (static_cast<unsigned char>(c) >= 0x20)
            out += c;
    }
    return out + '"';
}

std::string xmlText(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '"':
            out += "&quot;";
            break;
        default:
            if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
                out += c;
        }
    }
    return out;
}

std::string csvText(const std::string& text)
{
    // A cell that begins so is a formula to a spreadsheet.
    const bool formula = !text.empty()
        && std::string_view("=+-@\t\r").find(text[0]) != std::string_view::npos && text != "*";
    std::string out = formula ? "\"'" : "\"";
    for (const char c : text)
        out += c == '"' ? "\"\"" : std::string(1, c);
    return out + '"';
}

std::string number(const std::optional<double>& value)
{
    return value ? fmt::format("{:.6g}", *value) : std::string();
}

const char* shapeOf(NodeKind kind)
{
    constexpr const char* kShapes[] = {"box", "house", "ellipse", "cylinder", "plaintext"};
    return kShapes[static_cast<std::size_t>(kind)];
}

/// Okabe-Ito, as on screen: healthy, degraded, failing, without traffic.
const char* colourOf(const EdgeFigures& figures)
{
    const std::optional<double> success = figures.successRate();
    if (!success)
        return "#7f7f7f";
    return *success >= 1.0 ? "#009e73" : *success > 0.9 ? "#e69f00" : "#d55e00";
}

bool isOpen(const EdgeBreaker& breaker)
{
    return breaker.overrideKind == OverrideKind::ForcedOpen || breaker.state == BreakerState::Open;
}

/// Nodes of the frame, and those only an edge knows.
std::set<NodeKey> nodeKeys(const Snapshot& snapshot)
{
    std::set<NodeKey> keys;
    for (const Node& node : snapshot.frame.nodes)
        keys.insert(node.key);
    for (const EdgeFigures& figures : snapshot.edges) {
        keys.insert(figures.edge.key.source);
        keys.insert(figures.edge.key.destination);
    }
    return keys;
}

} // namespace

std::string toDot(const Snapshot& snapshot)
{
    std::map<NodeKey, NodeKind> kinds;
    for (const Node& node : snapshot.frame.nodes)
        kinds[node.key] = node.kind;
    std::map<std::string, std::string> namespaces;
    for (const NodeKey& key : nodeKeys(snapshot)) {
        const std::string label
            = key.version.empty() ? key.service : key.service + " " + key.version;
        namespaces[key.ns] += fmt::format("    {} [label={}, shape={}];\n", dotText(toString(key)),
            dotText(label), shapeOf(kinds[key]));
    }
    std::string out = "digraph mesh {\n  rankdir=LR;\n  node [fontname=\"Inter\"];\n"
                      "  edge [fontname=\"Inter\", fontsize=10];\n";
    int cluster = 0;
    for (const auto& [ns, nodes] : namespaces)
        out += fmt::format(
            "  subgraph cluster_{} {{\n    label={};\n{}  }}\n", cluster++, dotText(ns), nodes);
    for (const EdgeFigures& figures : snapshot.edges) {
        std::string label = fmt::format("{:.3g}/s", figures.rps());
        if (const auto p99 = figures.percentileMs(0.99))
            label += fmt::format(" p99 {:.3g} ms", *p99);
        if (isOpen(figures.breaker))
            label += fmt::format(" {}",
                figures.breaker.overrideKind == OverrideKind::None
                    ? stateName(figures.breaker.state)
                    : overrideName(figures.breaker.overrideKind));
        out += fmt::format("  {} -> {} [label={}, color=\"{}\", style={}];\n",
            dotText(toString(figures.edge.key.source)),
            dotText(toString(figures.edge.key.destination)), dotText(label), colourOf(figures),
            isOpen(figures.breaker) ? "dashed" : "solid");
    }
    return out + "}\n";
}

std::string toGraphml(const Snapshot& snapshot)
{
    std::string out = R"(<?xml version="1.0" encoding="UTF-8"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
)";
    const auto key = [&out](const char* id, const char* scope, const char* type) {
        out += fmt::format("  <key id=\"{0}\" for=\"{1}\" attr.name=\"{0}\" attr.type=\"{2}\"/>\n",
            id, scope, type);
    };
    for (const char* name : {"namespace", "service", "version"})
        key(name, "node", "string");
    for (const char* name : {"subset", "protocol", "breaker", "override"})
        key(name, "edge", "string");
    for (const char* name : {"rps", "successRate", "p50Ms", "p95Ms", "p99Ms"})
        key(name, "edge", "double");
    out += "  <graph id=\"mesh\" edgedefault=\"directed\">\n";
    const auto data = [&out](const char* name, const std::string& value) {
        if (!value.empty())
            out += fmt::format("      <data key=\"{}\">{}</data>\n", name, xmlText(value));
    };
    for (const NodeKey& node : nodeKeys(snapshot)) {
        out += fmt::format("    <node id=\"{}\">\n", xmlText(toString(node)));
        data("namespace", node.ns);
        data("service", node.service);
        data("version", node.version);
        out += "    </node>\n";
    }
    for (const EdgeFigures& figures : snapshot.edges) {
        const EdgeKey& edge = figures.edge.key;
        out += fmt::format("    <edge id=\"{}\" source=\"{}\" target=\"{}\">\n",
            xmlText(toString(edge)), xmlText(toString(edge.source)),
            xmlText(toString(edge.destination)));
        data("subset", edge.subset);
        data("protocol", std::string(protocolName(edge.protocol)));
        data("breaker", stateName(figures.breaker.state));
        data("override", overrideName(figures.breaker.overrideKind));
        data("rps", number(figures.rps()));
        data("successRate", number(figures.successRate()));
        data("p50Ms", number(figures.percentileMs(0.50)));
        data("p95Ms", number(figures.percentileMs(0.95)));
        data("p99Ms", number(figures.percentileMs(0.99)));
        out += "    </edge>\n";
    }
    return out + "  </graph>\n</graphml>\n";
}

std::string toCsv(const Snapshot& snapshot)
{
    std::string out = "sourceNamespace,source,sourceVersion,destinationNamespace,destination,"
                      "destinationVersion,subset,protocol,rps,successRate,windowS,samples,p50Ms,"
                      "p90Ms,p95Ms,p99Ms,bytesInPerS,bytesOutPerS,inFlight,breaker,override\r\n";
    for (const EdgeFigures& f : snapshot.edges) {
        const EdgeKey& key = f.edge.key;
        for (const std::string& text : {key.source.ns, key.source.service, key.source.version,
                 key.destination.ns, key.destination.service, key.destination.version, key.subset})
            out += csvText(text) + ',';
        const double seconds = std::max(f.windowS, 1U);
        out += fmt::format("{},{},{},{},{},{},{},{},{},{:.6g},{:.6g},{},{},{}\r\n",
            protocolName(key.protocol), number(f.rps()), number(f.successRate()), f.windowS,
            f.latency.count(), number(f.percentileMs(0.50)), number(f.percentileMs(0.90)),
            number(f.percentileMs(0.95)), number(f.percentileMs(0.99)),
            static_cast<double>(f.bytesIn) / seconds, static_cast<double>(f.bytesOut) / seconds,
            f.inFlight, stateName(f.breaker.state), overrideName(f.breaker.overrideKind));
    }
    return out;
}

} // namespace meshyard
