// SPDX-License-Identifier: GPL-3.0-or-later
#include "client/mesh_client.h"

#include "client/wire/channel.h"
#include "client/wire/command_codec.h"
#include "client/wire/frame_codec.h"
#include "client/wire/value_codec.h"

#include "meshyard/v1/admin.grpc.pb.h"
#include "meshyard/v1/observer.grpc.pb.h"

#include <grpcpp/client_context.h>

namespace meshyard {

namespace {

template <typename T, typename Wire>
std::vector<T> listOf(const google::protobuf::RepeatedPtrField<Wire>& in)
{
    std::vector<T> out;
    for (const Wire& one : in)
        out.push_back(wire::fromWire(one));
    return out;
}

template <typename Request> Request ofNamespace(const std::string& ns)
{
    Request request;
    request.set_namespace_(ns);
    return request;
}

} // namespace

struct MeshClient::Private
{
    std::string address;
    std::chrono::milliseconds timeout;
    Result<std::shared_ptr<grpc::Channel>> channel;
    std::unique_ptr<v1::MeshAdmin::Stub> admin;
    std::unique_ptr<v1::MeshObserver::Stub> observer;

    /// One unary call with the deadline; `method` is a member of the stub.
    template <typename Stub, typename Request, typename Response>
    Result<Response> call(Stub* stub,
        grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
        const Request& request)
    {
        if (!channel)
            return tl::unexpected(channel.error());
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + timeout);
        Response response;
        const grpc::Status status = (stub->*method)(&context, request, &response);
        if (!status.ok())
            return tl::unexpected(wire::errorOf(status, address));
        return response;
    }
};

MeshClient::MeshClient(const std::string& address, std::chrono::milliseconds timeout)
    : d(new Private{address, timeout, wire::openChannel(address), nullptr, nullptr})
{
    if (!d->channel)
        return;
    d->admin = v1::MeshAdmin::NewStub(*d->channel);
    d->observer = v1::MeshObserver::NewStub(*d->channel);
}

MeshClient::~MeshClient() = default;

Result<MeshStatus> MeshClient::status()
{
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::Status, v1::StatusRequest())
        .map([](const v1::StatusResponse& in) { return wire::fromWire(in); });
}

Result<std::vector<EdgeFigures>> MeshClient::edges(std::uint32_t window, const std::string& ns)
{
    auto request = ofNamespace<v1::ListEdgesRequest>(ns);
    request.set_window_s(window);
    return d->call(d->observer.get(), &v1::MeshObserver::Stub::ListEdges, request)
        .map([](const v1::ListEdgesResponse& in) { return wire::fromWire(in); });
}

Result<std::vector<Instance>> MeshClient::instances(const std::string& ns)
{
    return d
        ->call(d->admin.get(), &v1::MeshAdmin::Stub::ListInstances,
            ofNamespace<v1::ListInstancesRequest>(ns))
        .map([](const auto& in) { return listOf<Instance>(in.instances()); });
}

Result<std::vector<ProxyState>> MeshClient::proxies(const std::string& ns)
{
    return d
        ->call(d->admin.get(), &v1::MeshAdmin::Stub::ListProxies,
            ofNamespace<v1::ListProxiesRequest>(ns))
        .map([](const auto& in) { return listOf<ProxyState>(in.proxies()); });
}

Result<ServiceList> MeshClient::services(const std::string& ns)
{
    return d
        ->call(d->admin.get(), &v1::MeshAdmin::Stub::ListServices,
            ofNamespace<v1::ListServicesRequest>(ns))
        .map([](const auto& in) {
            return ServiceList{listOf<Service>(in.services()), listOf<Node>(in.nodes())};
        });
}

Result<std::vector<BreakerRow>> MeshClient::breakers(const std::string& ns)
{
    return d
        ->call(d->admin.get(), &v1::MeshAdmin::Stub::ListBreakers,
            ofNamespace<v1::ListBreakersRequest>(ns))
        .map([](const v1::ListBreakersResponse& in) { return wire::fromWire(in); });
}

Result<ApplyOutput> MeshClient::apply(const ApplyInput& input)
{
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::Apply, wire::toWire(input))
        .map([](const v1::ApplyResponse& in) { return wire::fromWire(in); });
}

Result<std::vector<StoredResource>> MeshClient::get(
    const std::string& kind, const std::string& ns, const std::string& name)
{
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::Get, wire::getRequest(kind, ns, name))
        .map([](const v1::GetResponse& in) { return wire::fromWire(in); });
}

Result<std::vector<RevisionInfo>> MeshClient::revisions(std::uint64_t number, std::uint32_t limit)
{
    return d
        ->call(
            d->admin.get(), &v1::MeshAdmin::Stub::Revisions, wire::revisionsRequest(number, limit))
        .map([](const v1::RevisionsResponse& in) { return wire::fromWire(in); });
}

Result<ApplyOutput> MeshClient::undo(Direction direction, const std::string& author)
{
    v1::UndoRequest request;
    request.set_redo(direction == Direction::Redo);
    request.set_author(author);
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::Undo, request)
        .map([](const v1::ApplyResponse& in) { return wire::fromWire(in); });
}

Result<ApplyOutput> MeshClient::rollback(std::uint64_t number, const std::string& author)
{
    v1::RollbackRequest request;
    request.set_number(number);
    request.set_author(author);
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::Rollback, request)
        .map([](const v1::ApplyResponse& in) { return wire::fromWire(in); });
}

Result<OverrideOutput> MeshClient::setOverride(const OverrideInput& input)
{
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::SetOverride, wire::toWire(input))
        .map([](const v1::SetOverrideResponse& in) { return wire::fromWire(in); });
}

Result<OverrideOutput> MeshClient::releaseOverride(
    const std::string& id, const EdgeSelector& edge, const std::string& author)
{
    v1::ReleaseOverrideRequest request;
    request.set_id(id);
    if (id.empty())
        wire::toWire(edge, request.mutable_edge());
    request.set_operator_name(author);
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::ReleaseOverride, request)
        .map([](const v1::SetOverrideResponse& in) { return wire::fromWire(in); });
}

Result<OverrideOutput> MeshClient::resetBreaker(const EdgeSelector& edge, const std::string& author)
{
    v1::ResetBreakerRequest request;
    wire::toWire(edge, request.mutable_edge());
    request.set_operator_name(author);
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::ResetBreaker, request)
        .map([](const v1::SetOverrideResponse& in) { return wire::fromWire(in); });
}

Result<std::string> MeshClient::configDump(const std::string& nodeId)
{
    v1::ConfigDumpRequest request;
    request.set_node_id(nodeId);
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::ConfigDump, request)
        .map([](const v1::ConfigDumpResponse& in) { return in.json(); });
}

Result<MeshCommands::Done> MeshClient::stop(const std::string& author)
{
    v1::StopRequest request;
    request.set_operator_name(author);
    return d->call(d->admin.get(), &v1::MeshAdmin::Stub::Stop, request)
        .map([](const v1::StopResponse&) { return MeshCommands::Done(); });
}

Result<MeshCommands::Done> MeshClient::watch(const std::function<bool(const MeshFramePtr&)>& take)
{
    if (!d->channel)
        return tl::unexpected(d->channel.error());
    grpc::ClientContext context;
    v1::WatchRequest request;
    request.set_with_instances(true);
    const auto stream = d->observer->Watch(&context, request);
    wire::FrameJoiner joiner;
    v1::MeshFrame chunk;
    while (stream->Read(&chunk)) {
        const MeshFramePtr frame = joiner.add(chunk);
        if (!frame || take(frame))
            continue;
        context.TryCancel();
        while (stream->Read(&chunk)) { } // gRPC wants the stream drained
        static_cast<void>(stream->Finish()); // cancelled by ourselves
        return MeshCommands::Done();
    }
    return tl::unexpected(wire::errorOf(stream->Finish(), d->address));
}

} // namespace meshyard
