// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/grpc_commands.h"

#include "client/wire/channel.h"
#include "client/wire/command_codec.h"
#include "client/wire/value_codec.h"

#include "meshyard/v1/admin.grpc.pb.h"

#include <grpcpp/client_context.h>

#include <QPointer>

#include <condition_variable>
#include <mutex>
#include <set>

namespace meshyard {

namespace {

constexpr std::chrono::seconds kTimeout{15};

using Stub = v1::MeshAdmin::Stub;

template <typename Request, typename Response>
using Method = void (Stub::async::*)(
    grpc::ClientContext*, const Request*, Response*, std::function<void(grpc::Status)>);

template <typename Request, typename Response> struct Flight
{
    grpc::ClientContext context;
    Request request;
    Response response;
};

} // namespace

struct GrpcCommands::Private
{
    Private(const std::string& meshAddress, std::string authorName)
        : address(meshAddress)
        , author(std::move(authorName))
        , channel(wire::openChannel(address))
        , stub(channel ? v1::MeshAdmin::NewStub(*channel) : nullptr)
    {
    }

    std::string address;
    std::string author;
    Result<std::shared_ptr<grpc::Channel>> channel;
    std::unique_ptr<Stub> stub;
    QObject hub; // answers are posted to it; dies last but one, so that none reaches a dead owner
    std::mutex mutex; // guards flying
    std::condition_variable landed;
    std::set<grpc::ClientContext*> flying;

    /// @param alive made on the thread that owns the object, and only looked at there.
    template <typename T>
    void post(const QPointer<QObject>& alive, const Reply<T>& reply, Result<T> result)
    {
        QMetaObject::invokeMethod(
            &hub,
            [alive, reply, result = std::move(result)] {
                if (alive)
                    reply(result);
            },
            Qt::QueuedConnection);
    }

    template <typename T, typename Request, typename Response, typename Convert>
    void call(Method<Request, Response> method, Request request, QObject* context,
        const Reply<T>& reply, Convert convert)
    {
        if (!channel) {
            post<T>(context, reply, tl::unexpected(channel.error()));
            return;
        }
        auto flight = std::make_shared<Flight<Request, Response>>();
        flight->request = std::move(request);
        flight->context.set_deadline(std::chrono::system_clock::now() + kTimeout);
        {
            const std::lock_guard lock(mutex);
            flying.insert(&flight->context);
        }
        auto done = [this, flight, reply, convert, alive = QPointer<QObject>(context)](
                        const grpc::Status& status) {
            Result<T> result = tl::unexpected(Error{});
            if (status.ok())
                result = convert(flight->response);
            else
                result = tl::unexpected(wire::errorOf(status, address));
            const std::lock_guard lock(mutex);
            post<T>(alive, reply, std::move(result));
            flying.erase(&flight->context);
            landed.notify_all(); // under the lock: our owner may free us right after it
        };
        (stub->async()->*method)(&flight->context, &flight->request, &flight->response, done);
    }
};

GrpcCommands::GrpcCommands(const std::string& address, std::string author)
    : d(new Private(address, std::move(author)))
{
}

GrpcCommands::~GrpcCommands()
{
    std::unique_lock lock(d->mutex);
    for (grpc::ClientContext* context : d->flying)
        context->TryCancel();
    d->landed.wait(lock, [this] { return d->flying.empty(); });
}

void GrpcCommands::apply(const ApplyInput& input, QObject* context, Reply<ApplyOutput> reply)
{
    v1::ApplyRequest request = wire::toWire(input);
    if (input.author.empty())
        request.set_author(d->author);
    d->call<ApplyOutput, v1::ApplyRequest, v1::ApplyResponse>(&Stub::async::Apply,
        std::move(request), context, reply,
        [](const v1::ApplyResponse& in) { return wire::fromWire(in); });
}

void GrpcCommands::get(const std::string& kind, const std::string& ns, const std::string& name,
    QObject* context, Reply<std::vector<StoredResource>> reply)
{
    d->call<std::vector<StoredResource>, v1::GetRequest, v1::GetResponse>(&Stub::async::Get,
        wire::getRequest(kind, ns, name), context, reply,
        [](const v1::GetResponse& in) { return wire::fromWire(in); });
}

void GrpcCommands::revisions(
    std::uint64_t number, QObject* context, Reply<std::vector<RevisionInfo>> reply)
{
    d->call<std::vector<RevisionInfo>, v1::RevisionsRequest, v1::RevisionsResponse>(
        &Stub::async::Revisions, wire::revisionsRequest(number, 100), context, reply,
        [](const v1::RevisionsResponse& in) { return wire::fromWire(in); });
}

void GrpcCommands::undo(QObject* context, Reply<ApplyOutput> reply)
{
    v1::UndoRequest request;
    request.set_author(d->author);
    d->call<ApplyOutput, v1::UndoRequest, v1::ApplyResponse>(&Stub::async::Undo, request, context,
        reply, [](const v1::ApplyResponse& in) { return wire::fromWire(in); });
}

void GrpcCommands::redo(QObject* context, Reply<ApplyOutput> reply)
{
    v1::UndoRequest request;
    request.set_redo(true);
    request.set_author(d->author);
    d->call<ApplyOutput, v1::UndoRequest, v1::ApplyResponse>(&Stub::async::Undo, request, context,
        reply, [](const v1::ApplyResponse& in) { return wire::fromWire(in); });
}

void GrpcCommands::rollback(
    std::uint64_t number, bool dryRun, QObject* context, Reply<ApplyOutput> reply)
{
    v1::RollbackRequest request;
    request.set_number(number);
    request.set_author(d->author);
    request.set_dry_run(dryRun);
    d->call<ApplyOutput, v1::RollbackRequest, v1::ApplyResponse>(&Stub::async::Rollback, request,
        context, reply, [](const v1::ApplyResponse& in) { return wire::fromWire(in); });
}

void GrpcCommands::setOverride(
    const OverrideInput& input, QObject* context, Reply<ActiveOverride> reply)
{
    v1::SetOverrideRequest request = wire::toWire(input);
    if (input.operatorName.empty())
        request.set_operator_name(d->author);
    d->call<ActiveOverride, v1::SetOverrideRequest, v1::SetOverrideResponse>(
        &Stub::async::SetOverride, std::move(request), context, reply,
        [](const v1::SetOverrideResponse& in) { return wire::fromWire(in.override()); });
}

void GrpcCommands::releaseOverride(const std::string& id, QObject* context, Reply<Done> reply)
{
    v1::ReleaseOverrideRequest request;
    request.set_id(id);
    request.set_operator_name(d->author);
    d->call<Done, v1::ReleaseOverrideRequest, v1::SetOverrideResponse>(
        &Stub::async::ReleaseOverride, request, context, reply,
        [](const v1::SetOverrideResponse&) { return Done(); });
}

void GrpcCommands::resetBreaker(const EdgeSelector& edge, QObject* context, Reply<Done> reply)
{
    v1::ResetBreakerRequest request;
    wire::toWire(edge, request.mutable_edge());
    request.set_operator_name(d->author);
    d->call<Done, v1::ResetBreakerRequest, v1::SetOverrideResponse>(&Stub::async::ResetBreaker,
        request, context, reply, [](const v1::SetOverrideResponse&) { return Done(); });
}

void GrpcCommands::configDump(const std::string& nodeId, QObject* context, Reply<std::string> reply)
{
    v1::ConfigDumpRequest request;
    request.set_node_id(nodeId);
    d->call<std::string, v1::ConfigDumpRequest, v1::ConfigDumpResponse>(&Stub::async::ConfigDump,
        request, context, reply, [](const v1::ConfigDumpResponse& in) { return in.json(); });
}

void GrpcCommands::stopMesh(QObject* context, Reply<Done> reply)
{
    v1::StopRequest request;
    request.set_operator_name(d->author);
    d->call<Done, v1::StopRequest, v1::StopResponse>(&Stub::async::Stop, request, context, reply,
        [](const v1::StopResponse&) { return Done(); });
}

} // namespace meshyard
