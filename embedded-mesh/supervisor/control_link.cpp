// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/supervisor/control_link.h"

#include "meshyard/v1/supervision.grpc.pb.h"

#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>

namespace meshyard::supervisor {
namespace {

using namespace std::chrono_literals;
using Stream = grpc::ClientReaderWriter<v1::SupervisorReport, v1::SupervisorOrder>;

constexpr auto kReconnectPause = 200ms;

std::shared_ptr<grpc::Channel> openChannel(const std::string& address)
{
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
    arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 500);
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    arguments.SetMaxReceiveMessageSize(64 << 20);
    return grpc::CreateCustomChannel(address, grpc::InsecureChannelCredentials(), arguments);
}

} // namespace

ControlLink::ControlLink(v1::SupervisorHello hello)
    : m_hello(std::move(hello))
    , m_wake(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))
    , m_thread([this] { run(); })
{
}

ControlLink::~ControlLink()
{
    {
        const std::scoped_lock lock(m_mutex);
        m_closing = true;
        if (m_call != nullptr)
            m_call->TryCancel();
    }
    m_changed.notify_all();
    m_thread.join();
}

void ControlLink::connectTo(const std::string& address)
{
    const std::scoped_lock lock(m_mutex);
    if (m_address == address)
        return;
    m_address = address;
    if (m_call != nullptr)
        m_call->TryCancel();
    m_changed.notify_all();
}

void ControlLink::send(v1::SupervisorReport report)
{
    const std::scoped_lock lock(m_mutex);
    m_report = std::move(report);
    ++m_reportNumber;
    m_changed.notify_all();
}

std::optional<v1::SupervisorOrder> ControlLink::takeOrder()
{
    std::uint64_t count = 0;
    const ssize_t ignored = ::read(m_wake.get(), &count, sizeof(count));
    static_cast<void>(ignored);
    const std::scoped_lock lock(m_mutex);
    return std::exchange(m_order, std::nullopt);
}

std::string ControlLink::refusal() const
{
    const std::scoped_lock lock(m_mutex);
    return m_refusal;
}

void ControlLink::wake() const
{
    const std::uint64_t one = 1;
    const ssize_t ignored = ::write(m_wake.get(), &one, sizeof(one));
    static_cast<void>(ignored);
}

void ControlLink::run()
{
    std::unique_lock lock(m_mutex);
    while (!m_closing) {
        if (m_address.empty()) {
            m_changed.wait(lock);
            continue;
        }
        const std::string address = m_address;
        lock.unlock();
        attachOnce(address);
        lock.lock();
        m_changed.wait_for(lock, kReconnectPause, [this] { return m_closing; });
    }
}

void ControlLink::writeReports(void* opaque)
{
    auto& stream = *static_cast<Stream*>(opaque);
    std::uint64_t written = 0;
    std::unique_lock lock(m_mutex);
    v1::SupervisorReport first;
    *first.mutable_hello() = m_hello;
    if (m_report)
        *first.mutable_instances() = m_report->instances();
    written = m_reportNumber;
    lock.unlock();
    bool open = stream.Write(first);
    lock.lock();
    while (open && !m_callEnded) {
        if (written == m_reportNumber) {
            m_changed.wait(lock);
            continue;
        }
        const v1::SupervisorReport report = *m_report;
        written = m_reportNumber;
        lock.unlock();
        open = stream.Write(report);
        lock.lock();
    }
}

void ControlLink::attachOnce(const std::string& address)
{
    const auto stub = v1::Supervision::NewStub(openChannel(address));
    grpc::ClientContext context;
    context.set_wait_for_ready(true);
    {
        const std::scoped_lock lock(m_mutex);
        if (m_closing)
            return;
        m_call = &context;
        m_callEnded = false;
    }
    const std::unique_ptr<Stream> stream = stub->Attach(&context);
    std::thread writer([this, &stream] { writeReports(stream.get()); });
    v1::SupervisorOrder order;
    while (stream->Read(&order)) {
        m_attached = true;
        const std::scoped_lock lock(m_mutex);
        m_order = order;
        wake();
    }
    m_attached = false;
    {
        const std::scoped_lock lock(m_mutex);
        m_callEnded = true;
    }
    m_changed.notify_all();
    context.TryCancel();
    writer.join();
    const grpc::Status status = stream->Finish();
    const std::scoped_lock lock(m_mutex);
    m_call = nullptr;
    if (status.error_code() == grpc::StatusCode::FAILED_PRECONDITION
        || status.error_code() == grpc::StatusCode::ALREADY_EXISTS
        || status.error_code() == grpc::StatusCode::INVALID_ARGUMENT)
        m_refusal = status.error_message();
    wake();
}

} // namespace meshyard::supervisor
