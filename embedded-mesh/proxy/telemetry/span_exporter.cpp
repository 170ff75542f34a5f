// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/telemetry/span_exporter.h"

#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>

#include <algorithm>

namespace meshyard::proxy {

namespace {

namespace otlp = opentelemetry::proto;
using Service = otlp::collector::trace::v1::TraceService;

constexpr auto kGather = std::chrono::milliseconds(500);
constexpr auto kPatience = std::chrono::seconds(5);

template <std::size_t N> std::string bytesOf(const std::array<std::uint8_t, N>& id)
{
    return {id.begin(), id.end()};
}

std::uint64_t nanos(WallTime time)
{
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

void fill(const SpanRecord& record, otlp::trace::v1::Span& span)
{
    using Span = otlp::trace::v1::Span;
    span.set_trace_id(bytesOf(record.context.traceId));
    span.set_span_id(bytesOf(record.context.spanId));
    if (record.parent != decltype(record.parent){})
        span.set_parent_span_id(bytesOf(record.parent));
    span.set_trace_state(record.traceState);
    span.set_name(record.name);
    span.set_kind(record.server ? Span::SPAN_KIND_SERVER : Span::SPAN_KIND_CLIENT);
    span.set_start_time_unix_nano(nanos(record.start));
    span.set_end_time_unix_nano(nanos(record.end));
    for (const auto& [key, value] : record.attributes) {
        auto& attribute = *span.add_attributes();
        attribute.set_key(key);
        attribute.mutable_value()->set_string_value(value);
    }
    if (record.failed)
        span.mutable_status()->set_code(otlp::trace::v1::Status::STATUS_CODE_ERROR);
}

} // namespace

class SpanExporter::Stub final
{
public:
    explicit Stub(const std::string& target)
    {
        grpc::ChannelArguments arguments;
        arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
        arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5000);
        service = Service::NewStub(
            grpc::CreateCustomChannel(target, grpc::InsecureChannelCredentials(), arguments));
    }

    std::unique_ptr<Service::Stub> service;
};

SpanExporter::SpanExporter(const std::string& target, std::string serviceName)
    : m_stub(std::make_unique<Stub>(target))
    , m_serviceName(std::move(serviceName))
    , m_thread([this] { run(); })
{
}

SpanExporter::~SpanExporter()
{
    {
        const std::lock_guard lock(m_mutex);
        m_stopping = true;
        if (m_context != nullptr)
            m_context->TryCancel();
    }
    m_changed.notify_all();
    m_thread.join();
}

void SpanExporter::push(std::vector<SpanRecord> spans)
{
    {
        const std::lock_guard lock(m_mutex);
        for (SpanRecord& span : spans) {
            if (m_waiting.size() >= kMaxWaiting)
                ++m_dropped;
            else
                m_waiting.push_back(std::move(span));
        }
    }
    m_changed.notify_all();
}

void SpanExporter::run()
{
    std::unique_lock lock(m_mutex);
    for (;;) {
        m_changed.wait(lock, [this] { return m_stopping || !m_waiting.empty(); });
        if (m_waiting.empty())
            return;
        m_changed.wait_for(
            lock, kGather, [this] { return m_stopping || m_waiting.size() >= kBatch; });
        const std::size_t size = std::min(kBatch, m_waiting.size());
        std::vector<SpanRecord> batch(std::make_move_iterator(m_waiting.begin()),
            std::make_move_iterator(m_waiting.begin() + static_cast<std::ptrdiff_t>(size)));
        m_waiting.erase(m_waiting.begin(), m_waiting.begin() + static_cast<std::ptrdiff_t>(size));
        m_sending = size;
        const bool stopping = m_stopping;
        lock.unlock();
        const bool done = send(batch);
        lock.lock();
        (done ? m_sent : m_dropped) += size;
        m_sending = 0;
        m_changed.notify_all();
        if (stopping && !done)
            return;
    }
}

bool SpanExporter::send(const std::vector<SpanRecord>& batch)
{
    otlp::collector::trace::v1::ExportTraceServiceRequest request;
    auto& resource = *request.add_resource_spans();
    auto& name = *resource.mutable_resource()->add_attributes();
    name.set_key("service.name");
    name.mutable_value()->set_string_value(m_serviceName);
    auto& scope = *resource.add_scope_spans();
    scope.mutable_scope()->set_name("meshyard-proxy");
    for (const SpanRecord& record : batch)
        fill(record, *scope.add_spans());

    grpc::ClientContext context;
    {
        const std::lock_guard lock(m_mutex);
        const auto patience = m_stopping ? std::chrono::milliseconds(300) : kPatience;
        context.set_deadline(std::chrono::system_clock::now() + patience);
        m_context = &context;
    }
    otlp::collector::trace::v1::ExportTraceServiceResponse response;
    const grpc::Status status = m_stub->service->Export(&context, request, &response);
    const std::lock_guard lock(m_mutex);
    m_context = nullptr;
    return status.ok();
}

void SpanExporter::flush(std::chrono::milliseconds patience)
{
    std::unique_lock lock(m_mutex);
    m_changed.wait_for(
        lock, patience, [this] { return m_waiting.empty() && m_sending == 0; });
}

std::uint64_t SpanExporter::sent() const
{
    const std::lock_guard lock(m_mutex);
    return m_sent;
}

std::uint64_t SpanExporter::dropped() const
{
    const std::lock_guard lock(m_mutex);
    return m_dropped;
}

std::shared_ptr<SpanExporter> SpanExporters::find(
    const std::string& target, const std::string& serviceName)
{
    const std::lock_guard lock(m_mutex);
    std::shared_ptr<SpanExporter>& exporter = m_exporters[{target, serviceName}];
    if (!exporter)
        exporter = std::make_shared<SpanExporter>(target, serviceName);
    return exporter;
}

void SpanExporters::flush(std::chrono::milliseconds patience)
{
    const std::lock_guard lock(m_mutex);
    for (const auto& [key, exporter] : m_exporters)
        exporter->flush(patience);
}

std::uint64_t SpanExporters::sent() const
{
    const std::lock_guard lock(m_mutex);
    std::uint64_t sum = 0;
    for (const auto& [key, exporter] : m_exporters)
        sum += exporter->sent();
    return sum;
}

std::uint64_t SpanExporters::dropped() const
{
    const std::lock_guard lock(m_mutex);
    std::uint64_t sum = 0;
    for (const auto& [key, exporter] : m_exporters)
        sum += exporter->dropped();
    return sum;
}

} // namespace meshyard::proxy
