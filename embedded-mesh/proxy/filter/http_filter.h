// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "embedded-mesh/core/clock.h"
#include "embedded-mesh/proxy/filter/counter.h"
#include "embedded-mesh/proxy/filter/dynamic_metadata.h"
#include "embedded-mesh/proxy/route/filter_settings.h"
#include "embedded-mesh/proxy/route/policies.h"

#include <atomic>
#include <forward_list>

namespace meshyard::proxy {

struct CompressorSettings;

/// An answer that a filter gives instead of the upstream.
struct FilterReply
{
    int status = 0;
    int grpcStatus = -1; // >= 0: a gRPC caller gets exactly this one
    std::string_view body; // lives as long as the filter or the state
    std::string_view flag; // Envoy's response flag, as "RL"
    std::string details; // response_code_details
    bool isFault = false; // injected: not the edge's own doing
};

/// Counts a request among those in progress for as long as it lives.
class ActiveGuard final
{
public:
    ActiveGuard() = default;
    explicit ActiveGuard(std::shared_ptr<std::atomic<std::uint64_t>> count)
        : m_count(std::move(count))
    {
    }
    ActiveGuard(ActiveGuard&& other) noexcept = default;
    ActiveGuard& operator=(ActiveGuard&& other) noexcept
    {
        release();
        m_count = std::move(other.m_count);
        return *this;
    }
    ~ActiveGuard() { release(); }
    bool isHeld() const { return m_count != nullptr; }
    void release()
    {
        if (m_count)
            m_count->fetch_sub(1, std::memory_order_relaxed);
        m_count.reset();
    }

private:
    std::shared_ptr<std::atomic<std::uint64_t>> m_count;
};

/// What the filters of a chain want done with one request and its answer.
struct FilterState
{
    HeaderEdits requestEdits; // act before the route's
    HeaderEdits responseEdits; // act after the route's, on answers of our own, too
    DynamicMetadata metadata;
    Micros delay{0}; // before anything else happens
    FilterReply reply;
    std::forward_list<std::string> texts; // what header views of the request point to
    bool rematches = false; // the route is to be found anew
    ActiveGuard activeFault;

    std::shared_ptr<CompressorSettings> compressor; // may compress the answer
    bool acceptsGzip = false;
    std::uint64_t bytesPerSecond = 0; // of the answer's body; 0 = no limit
    Micros holdsEnd{0}; // the end of the answer waits that long
    bool resets = false; // a drill: the connection goes instead of an answer

    /// No upstream will hear of the request.
    bool endsRequest() const { return reply.status != 0 || resets; }
    /// For the next request; keeps its memory.
    void clear();
};

/// One request on its way through the filters.
struct RequestPass
{
    RequestView& request;
    std::vector<HeaderView>& headers; // behind request.headers
    const RequestFacts& facts; // about the same request
    std::uint64_t& random;
    TimePoint now;
    FilterState& state;

    bool happens(std::uint32_t perMillion);
    /// For filters behind, the routing and the upstream alike.
    void setHeader(std::string_view name, std::string value);
    void removeHeader(std::string_view name);
    void removeQueryParameter(std::string_view name);
};

/// A compiled HTTP filter; shared by workers, so its own state is atomic.
class HttpFilter
{
public:
    enum class Verdict : std::uint8_t {
        Continue,
        Reply, // state.reply says what
        Wait, // something is on its way that decides: ask again soon
    };

    explicit HttpFilter(std::string name)
        : m_name(std::move(name))
    {
    }
    virtual ~HttpFilter() = default;

    /// @param own the route's settings for this filter; nullptr = none.
    virtual Verdict onRequest(RequestPass& pass, const FilterSettings* own) const = 0;
    virtual void visitStats(const StatSink& /*sink*/) const { }

    const std::string& name() const { return m_name; }

private:
    const std::string m_name; // what routes call it by
};

} // namespace meshyard::proxy
