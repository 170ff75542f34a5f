// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/exchange/mirror.h"

#include "embedded-mesh/proxy/exchange/head_writer.h"
#include "embedded-mesh/proxy/route/authority.h"
#include "embedded-mesh/proxy/route/route_table.h"

namespace meshyard::proxy {

namespace {

constexpr auto kLongest = std::chrono::seconds(60);

std::string withHost(std::string_view head, const MirrorRules& rules)
{
    const std::string_view host = hostIn(head);
    std::string copy(head.data(), host.data());
    if (!rules.hostRewrite.empty()) {
        copy += rules.hostRewrite;
    } else if (rules.appendsSuffix) {
        const std::string_view name = withoutPort(host);
        copy.append(name).append("-shadow").append(host.substr(name.size()));
    } else {
        copy += host;
    }
    return copy.append(host.data() + host.size(), head.data() + head.size());
}

} // namespace

bool speaksHttp2(const Cluster& cluster, bool fromHttp2)
{
    const UpstreamProtocol protocol = cluster.spec().protocol;
    return protocol == UpstreamProtocol::Http2 || protocol == UpstreamProtocol::Negotiated
        || (protocol == UpstreamProtocol::AsDownstream && fromHttp2);
}

void Mirrors::plan(
    const MirrorRules& rules, const std::string& name, std::shared_ptr<Cluster> cluster)
{
    m_planned.push_back({&rules, name, std::move(cluster)});
}

void Mirrors::begin(const Original& original)
{
    m_complete = original.complete;
    for (Planned& planned : m_planned) {
        // By name: the counters stay when the cluster goes.
        MirrorCounters& counters = m_context.mirrorCounters[planned.name];
        if (planned.cluster == nullptr) {
            ++counters.dropped;
            continue;
        }
        ++counters.sent;
        SideCall::Request request;
        request.head = withHost(original.head, *planned.rules);
        request.method = original.method;
        request.http2 = speaksHttp2(*planned.cluster, original.fromHttp2);
        request.chunked = original.chunked;
        request.complete = original.complete;
        request.timeout = original.timeout.count() > 0 ? original.timeout : kLongest;
        m_calls.push_back(SideCall::begin(m_context, std::move(planned.cluster), std::move(request),
            [&context = m_context, name = planned.name](const auto& answer) {
                MirrorCounters& after = context.mirrorCounters[name];
                ++(answer.status == 0 ? after.failed : after.answered);
            }));
    }
    m_planned.clear();
}

void Mirrors::addBody(std::string_view bytes)
{
    for (const auto& call : m_calls)
        call->addBody(bytes);
}

void Mirrors::endBody(std::string_view trailers)
{
    m_complete = true;
    for (const auto& call : m_calls)
        call->endBody(trailers);
}

void Mirrors::release()
{
    for (const auto& call : m_calls) {
        if (!m_complete)
            call->abandon();
    }
    m_calls.clear();
    m_planned.clear();
}

} // namespace meshyard::proxy
