// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/proxy/upstream/load_balancer.h"

#include <QByteArray>
#include <QList>

#include <map>

using Endpoints = std::vector<std::shared_ptr<meshyard::proxy::Endpoint>>;

/// One word an endpoint: name, then optionally `*weight`, `@priority`, `/locality`, `:version`, and
/// `!` for unhealthy or `~` for degraded. Its address ends in the number of the word.
inline Endpoints endpointsOf(const QByteArray& words)
{
    using namespace meshyard;
    Endpoints endpoints;
    std::uint16_t port = 8000;
    for (QByteArray word : words.split(' ')) {
        proxy::EndpointSpec spec;
        const auto take = [&word](char mark) {
            const auto found = word.indexOf(mark);
            const QByteArray value = found < 0 ? QByteArray() : word.mid(found + 1);
            if (found >= 0)
                word.truncate(found);
            return value;
        };
        spec.healthy = !word.endsWith('!');
        spec.degraded = word.endsWith('~');
        if (!spec.healthy || spec.degraded)
            word.chop(1);
        if (const QByteArray version = take(':'); !version.isEmpty())
            spec.metadata = {{"version", version.toStdString()}};
        spec.locality = take('/').toUInt();
        spec.priority = take('@').toUInt();
        if (const QByteArray weight = take('*'); !weight.isEmpty())
            spec.weight = weight.toUInt();
        spec.instance = word.toStdString();
        spec.hostname = spec.instance;
        spec.address = *net::SocketAddress::fromIp("10.0.0.1", port++);
        endpoints.push_back(std::make_shared<proxy::Endpoint>(spec));
    }
    return endpoints;
}

inline meshyard::proxy::BalanceInput inputOf(const Endpoints& endpoints)
{
    meshyard::proxy::BalanceInput input;
    input.endpoints = endpoints;
    return input;
}

/// Percent of `draws` picks that each endpoint got, in order.
inline std::vector<double> sharesOf(meshyard::proxy::LoadBalancer& balancer,
    const Endpoints& endpoints, int draws, bool hashed = false)
{
    std::map<const meshyard::proxy::Endpoint*, int> counts;
    std::uint64_t random = 7;
    for (int i = 0; i < draws; ++i) {
        meshyard::proxy::PickContext context;
        context.random = meshyard::proxy::nextRandom(random);
        if (hashed)
            context.hash = meshyard::proxy::nextRandom(random);
        ++counts[balancer.pick(context).get()];
    }
    std::vector<double> shares;
    for (const auto& endpoint : endpoints)
        shares.push_back(100.0 * counts[endpoint.get()] / draws);
    return shares;
}
