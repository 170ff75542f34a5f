// SPDX-License-Identifier: GPL-3.0-or-later
#include "tests/control_plane/xds/session_script.h"

#include "envoy/config/cluster/v3/cluster.pb.h"
#include "envoy/config/endpoint/v3/endpoint.pb.h"
#include "envoy/config/listener/v3/listener.pb.h"
#include "envoy/config/route/v3/route.pb.h"
#include "envoy/service/runtime/v3/rtds.pb.h"
#include "meshyard/v1/override.pb.h"

#include <stdexcept>

namespace meshyard::test {

using namespace control_plane;
namespace discovery = envoy::service::discovery::v3;

namespace {

XdsType typeOfLetter(const std::string& letter)
{
    static const std::map<std::string, XdsType> letters{{"C", XdsType::Cluster},
        {"E", XdsType::Endpoints}, {"L", XdsType::Listener}, {"R", XdsType::Route},
        {"T", XdsType::Runtime}, {"O", XdsType::Override}};
    return letters.at(letter);
}

XdsType typeOfName(const std::string& name)
{
    for (const XdsType type : kAllXdsTypes) {
        if (shortName(type) == name)
            return type;
    }
    throw std::invalid_argument("script: type " + name);
}

XdsResourcePtr resourceOf(XdsType type, const std::string& name, std::uint32_t value)
{
    switch (type) {
    case XdsType::Cluster: {
        envoy::config::cluster::v3::Cluster message;
        message.set_name(name);
        message.mutable_per_connection_buffer_limit_bytes()->set_value(value);
        return makeResource(name, message);
    }
    case XdsType::Endpoints: {
        envoy::config::endpoint::v3::ClusterLoadAssignment message;
        message.set_cluster_name(name);
        message.mutable_policy()->mutable_overprovisioning_factor()->set_value(value);
        return makeResource(name, message);
    }
    case XdsType::Listener: {
        envoy::config::listener::v3::Listener message;
        message.set_name(name);
        message.mutable_per_connection_buffer_limit_bytes()->set_value(value);
        return makeResource(name, message);
    }
    case XdsType::Route: {
        envoy::config::route::v3::RouteConfiguration message;
        message.set_name(name);
        message.mutable_max_direct_response_body_size_bytes()->set_value(value);
        return makeResource(name, message);
    }
    case XdsType::Runtime: {
        envoy::service::runtime::v3::Runtime message;
        message.set_name(name);
        (*message.mutable_layer()->mutable_fields())["v"].set_number_value(value);
        return makeResource(name, message);
    }
    case XdsType::Override: {
        v1::EdgeOverride message; // the value is its deadline, in seconds from the start
        message.set_id(name);
        message.set_deadline_unix_ms(std::chrono::duration_cast<std::chrono::milliseconds>(
                                         FakeClock().system().time_since_epoch())
                                         .count()
            + std::int64_t{value} * 1000);
        auto resource = std::make_shared<XdsResource>(*makeResource(name, message));
        resource->deadlineUnixMs = message.deadline_unix_ms();
        return resource;
    }
    }
    return nullptr;
}

template <typename Message> Message unpack(const google::protobuf::Any& any)
{
    Message message;
    if (!any.UnpackTo(&message))
        throw std::runtime_error("response holds " + any.type_url());
    return message;
}

std::string textOf(XdsType type, const google::protobuf::Any& any)
{
    switch (type) {
    case XdsType::Cluster: {
        const auto m = unpack<envoy::config::cluster::v3::Cluster>(any);
        return m.name() + "=" + std::to_string(m.per_connection_buffer_limit_bytes().value());
    }
    case XdsType::Endpoints: {
        const auto m = unpack<envoy::config::endpoint::v3::ClusterLoadAssignment>(any);
        return m.cluster_name() + "="
            + std::to_string(m.policy().overprovisioning_factor().value());
    }
    case XdsType::Listener: {
        const auto m = unpack<envoy::config::listener::v3::Listener>(any);
        return m.name() + "=" + std::to_string(m.per_connection_buffer_limit_bytes().value());
    }
    case XdsType::Route: {
        const auto m = unpack<envoy::config::route::v3::RouteConfiguration>(any);
        return m.name() + "=" + std::to_string(m.max_direct_response_body_size_bytes().value());
    }
    case XdsType::Runtime: {
        const auto m = unpack<envoy::service::runtime::v3::Runtime>(any);
        const auto value = m.layer().fields().find("v");
        return m.name() + "="
            + (value == m.layer().fields().end()
                    ? "empty"
                    : std::to_string(static_cast<int>(value->second.number_value())));
    }
    case XdsType::Override:
        break;
    }
    if (any.Is<discovery::Resource>()) {
        const auto wrapped = unpack<discovery::Resource>(any);
        return textOf(type, wrapped.resource()) + ",ttl="
            + std::to_string(wrapped.ttl().seconds() * 1000 + wrapped.ttl().nanos() / 1'000'000);
    }
    const auto m = unpack<v1::EdgeOverride>(any);
    return m.id() + "=" + std::to_string(m.remaining_ms()) + "ms";
}

} // namespace

SessionScript::SessionScript()
    : m_session(m_clock)
{
}

std::string SessionScript::play(const std::string& script)
{
    SessionScript player;
    std::istringstream lines(script);
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.starts_with(">") || line.starts_with("="))
            continue;
        player.m_transcript << line << '\n';
        player.step(line);
        player.printResponses();
    }
    return player.m_transcript.str();
}

void SessionScript::step(const std::string& line)
{
    std::istringstream words(line);
    std::string verb;
    words >> verb;
    if (verb == "snap") {
        setSnapshot(words);
    } else if (verb == "none") {
        m_session.setSnapshot(nullptr);
    } else if (verb == "tick") {
        int ms = 0;
        words >> ms;
        m_clock.advance(std::chrono::milliseconds(ms));
    } else if (verb == "wraps") {
        m_node.wrapsResources = true;
        m_session.setNode(m_node);
    } else if (verb == "status") {
        printStatus();
    } else {
        request(words, verb);
    }
}

void SessionScript::setSnapshot(std::istringstream& words)
{
    auto snapshot = std::make_shared<NodeSnapshot>();
    words >> snapshot->revision;
    std::array<std::shared_ptr<ResourceSet>, kXdsTypes> sets;
    for (auto& set : sets)
        set = std::make_shared<ResourceSet>();
    XdsType type = XdsType::Cluster;
    for (std::string word; words >> word;) {
        const std::size_t equals = word.find('=');
        if (equals == std::string::npos) {
            type = typeOfLetter(word);
            continue;
        }
        const auto value = static_cast<std::uint32_t>(std::stoul(word.substr(equals + 1)));
        sets[static_cast<std::size_t>(type)]->add(resourceOf(type, word.substr(0, equals), value));
    }
    for (const XdsType each : kAllXdsTypes) {
        sets[static_cast<std::size_t>(each)]->seal();
        snapshot->set(each) = sets[static_cast<std::size_t>(each)];
    }
    m_snapshot = snapshot;
    m_session.setSnapshot(m_snapshot);
}

void SessionScript::request(std::istringstream& words, const std::string& verb)
{
    SotwSession::Request request;
    std::string typeName;
    words >> typeName;
    if (verb == "other")
        request.set_type_url("type.googleapis.com/" + typeName);
    else if (verb != "bad")
        request.set_type_url(std::string(typeUrl(typeOfName(typeName))));
    auto& names = m_names[typeName];
    const auto& nonces = m_nonces[typeName];
    if (verb == "nack") {
        std::string text;
        std::getline(words >> std::ws, text);
        request.mutable_error_detail()->set_message(text);
    }
    std::vector<std::string> given;
    for (std::string word; words >> word;) {
        if (word == "ver=@")
            request.set_version_info(m_snapshot->of(typeOfName(typeName)).version);
        else
            given.push_back(word);
    }
    if (verb == "req" || !given.empty())
        names = given == std::vector<std::string>{"-"} ? std::vector<std::string>{} : given;
    for (const std::string& name : names)
        request.add_resource_names(name);
    if (verb == "ack" || verb == "nack")
        request.set_response_nonce(nonces.empty() ? "" : nonces.back());
    else if (verb == "stale")
        request.set_response_nonce(nonces.at(nonces.size() - 2));
    else if (verb == "oldnonce")
        request.set_response_nonce("77");
    if (const Result<void> taken = m_session.onRequest(request); !taken)
        m_transcript << "> end: " << taken.error().message << '\n';
}

void SessionScript::printResponses()
{
    for (const SotwSession::Response& response : m_session.takeResponses()) {
        const XdsType type = *xdsTypeOf(response.type_url());
        m_transcript << "> " << shortName(type);
        for (const auto& resource : response.resources())
            m_transcript << ' ' << textOf(type, resource);
        m_transcript << '\n';
        m_nonces[std::string(shortName(type))].push_back(response.nonce());
    }
}

void SessionScript::printStatus()
{
    if (m_session.isInSync()) {
        m_transcript << "= in sync r" << m_session.revision() << '\n';
        return;
    }
    m_transcript << "= behind:";
    const auto all = m_session.status();
    for (const XdsType type : kAllXdsTypes) {
        const TypeStatus& status = all[static_cast<std::size_t>(type)];
        if (!status.nack.empty())
            m_transcript << ' ' << shortName(type) << " refused '" << status.nack << "'";
        else if (status.subscribed && !status.upToDate)
            m_transcript << ' ' << shortName(type);
    }
    m_transcript << '\n';
}

} // namespace meshyard::test
