// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/workloads/grpc/stock_service.h"

#include "embedded-mesh/workloads/grpc/stock_messages.h"

#include <numeric>

namespace meshyard::workloads {

using http::GrpcCode;

namespace {

/// The same figure for the same item in every instance.
std::uint32_t copiesOf(std::string_view item)
{
    constexpr std::uint32_t kMost = 40;
    const auto sum = std::accumulate(item.begin(), item.end(), std::uint32_t{7},
        [](std::uint32_t so, char c) { return so * 31 + static_cast<unsigned char>(c); });
    return 1 + sum % kMost;
}

} // namespace

StockService::StockService(
    net::EventLoop& loop, const ServiceOptions& options, RequestCounters& counters)
    : m_loop(loop)
    , m_options(options)
    , m_counters(counters)
    , m_behaviour(options.seed, options.medianMs, options.sigma)
    , m_waiting(loop)
{
}

void StockService::onCall(const GrpcRequest& request, GrpcResponder responder)
{
    m_counters.count("byPath", request.path);
    m_counters.count("byCaller", request.userAgent.empty() ? "(none)" : request.userAgent);
    if (request.path != kStockCount)
        return responder.fail(GrpcCode::Unimplemented, "no such method");
    const auto asked = CountRequest::decode(request.message);
    if (!asked)
        return responder.fail(GrpcCode::InvalidArgument, asked.error().message);
    m_waiting.runAt(request.receivedAt + m_behaviour.drawLatency(),
        [this, item = asked->item, responder, receivedAt = request.receivedAt] {
            serve(item, responder, receivedAt);
        });
}

void StockService::serve(
    const std::string& item, const GrpcResponder& responder, TimePoint receivedAt)
{
    if (responder.isAbandoned()) {
        m_counters.count("outcomes", "abandoned");
        return;
    }
    const Fate fate = m_behaviour.drawFate();
    if (fate == Fate::Reset) {
        m_counters.count("outcomes", "reset");
        return responder.reset();
    }
    const GrpcCode code = fate == Fate::Fail ? GrpcCode::Unavailable : GrpcCode::Ok;
    if (fate == Fate::Fail)
        responder.fail(code, "failing on request");
    else
        responder.reply(
            CountReply{item, copiesOf(item), m_options.version, m_options.instance}.encode());
    m_counters.record(
        http::grpcCodeName(static_cast<int>(code)), m_loop.clock().now() - receivedAt);
}

} // namespace meshyard::workloads
