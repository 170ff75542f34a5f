// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/header_format.h"

#include <unistd.h>

#include <array>
#include <charconv>
#include <ctime>

namespace meshyard::proxy {

namespace {

std::string machineName()
{
    std::array<char, 256> name{};
    return ::gethostname(name.data(), name.size() - 1) == 0 ? std::string(name.data())
                                                            : std::string();
}

std::string_view findHeader(std::span<const HeaderView> headers, std::string_view name)
{
    for (const HeaderView& field : headers) {
        if (equalsIgnoreCase(field.name, name))
            return field.value;
    }
    return {};
}

/// "%f" is nine digits, "%3f" three.
void appendFraction(WallTime time, std::size_t digits, std::string& out)
{
    const auto since = time.time_since_epoch();
    const auto nanos = std::chrono::duration_cast<std::chrono::nanoseconds>(
        since - std::chrono::floor<std::chrono::seconds>(since));
    std::string text = std::to_string(nanos.count());
    text.insert(0, 9 - std::min<std::size_t>(text.size(), 9), '0');
    out.append(text, 0, digits);
}

void appendStrftime(WallTime time, const std::string& format, std::string& out)
{
    const std::time_t seconds
        = std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 256> buffer{};
    out.append(buffer.data(), ::strftime(buffer.data(), buffer.size(), format.c_str(), &parts));
}

} // namespace

std::string formatTime(WallTime time, std::string_view format)
{
    if (format.empty())
        format = "%Y-%m-%dT%H:%M:%S.%3fZ";
    std::string out;
    for (std::size_t at = 0; at < format.size(); ++at) {
        if (format[at] != '%' || at + 1 == format.size()) {
            out.push_back(format[at]);
            continue;
        }
        const char next = format[++at];
        if (next == 'f') {
            appendFraction(time, 9, out);
        } else if (next >= '1' && next <= '9' && at + 1 < format.size() && format[at + 1] == 'f') {
            appendFraction(time, static_cast<std::size_t>(next - '0'), out);
            ++at;
        } else if (next == 's') {
            out += std::to_string(std::chrono::system_clock::to_time_t(
                std::chrono::floor<std::chrono::seconds>(time)));
        } else {
            appendStrftime(time, std::string{'%', next}, out);
        }
    }
    return out;
}

Result<HeaderFormat::Part> HeaderFormat::compileCommand(std::string_view spelled)
{
    static constexpr std::array<std::pair<std::string_view, Command>, 25> kCommands{{
        {"REQ", Command::RequestHeader},
        {"RESP", Command::ResponseHeader},
        {"DOWNSTREAM_REMOTE_ADDRESS", Command::RemoteAddress},
        {"DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", Command::RemoteHost},
        {"DOWNSTREAM_REMOTE_PORT", Command::RemotePort},
        {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS", Command::DirectAddress},
        {"DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT", Command::DirectHost},
        {"DOWNSTREAM_DIRECT_REMOTE_PORT", Command::DirectPort},
        {"DOWNSTREAM_LOCAL_ADDRESS", Command::LocalAddress},
        {"DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT", Command::LocalHost},
        {"DOWNSTREAM_LOCAL_PORT", Command::LocalPort},
        {"PROTOCOL", Command::Protocol},
        {"START_TIME", Command::StartTime},
        {"ROUTE_NAME", Command::RouteName},
        {"UPSTREAM_CLUSTER", Command::UpstreamCluster},
        {"UPSTREAM_HOST", Command::UpstreamAddress},
        {"UPSTREAM_REMOTE_ADDRESS", Command::UpstreamAddress},
        {"UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT", Command::UpstreamHost},
        {"RESPONSE_CODE", Command::ResponseCode},
        {"REQUESTED_SERVER_NAME", Command::ServerName},
        {"DOWNSTREAM_PEER_URI_SAN", Command::PeerUriSan},
        {"HOSTNAME", Command::Hostname},
        {"SCHEME", Command::Scheme},
        {"METHOD", Command::Method},
        {"PATH", Command::Path},
    }};
    Part part;
    const std::size_t name = std::min(spelled.find_first_of("(:"), spelled.size());
    const auto known = std::ranges::find(
        kCommands, spelled.substr(0, name), &std::pair<std::string_view, Command>::first);
    const auto wrong = [&](std::string_view why) {
        return failure(
            ErrorCode::InvalidArgument, "'%" + std::string(spelled) + "%' " + std::string(why));
    };
    if (known == kCommands.end())
        return wrong("is no command known here");
    part.command = known->second;
    std::string_view rest = spelled.substr(name);
    if (rest.starts_with('(')) {
        const std::size_t close = rest.rfind(')');
        if (close == std::string_view::npos)
            return wrong("lacks its closing bracket");
        part.text = rest.substr(1, close - 1);
        rest.remove_prefix(close + 1);
    }
    if (rest.starts_with(':')) {
        const auto [end, error]
            = std::from_chars(rest.data() + 1, rest.data() + rest.size(), part.maxLength);
        if (error != std::errc() || end != rest.data() + rest.size())
            return wrong("has a bad length");
    } else if (!rest.empty()) {
        return wrong("has something behind its bracket");
    }
    const bool header
        = part.command == Command::RequestHeader || part.command == Command::ResponseHeader;
    if (header != !part.text.empty() && part.command != Command::StartTime)
        return wrong(header ? "names no header" : "takes no argument");
    if (const std::size_t mark = part.text.find('?'); header && mark != std::string::npos) {
        part.other = part.text.substr(mark + 1);
        part.text.resize(mark);
    }
    if (part.command == Command::Hostname) {
        part.command = Command::Text;
        part.text = machineName();
    }
    return part;
}

Result<HeaderFormat> HeaderFormat::compile(std::string_view text)
{
    HeaderFormat format;
    Part literal;
    std::size_t at = 0;
    while (at < text.size()) {
        if (text[at] != '%') {
            literal.text.push_back(text[at++]);
            continue;
        }
        if (text.substr(at).starts_with("%%")) {
            literal.text.push_back('%');
            at += 2;
            continue;
        }
        // A time format in brackets has percent signs of its own.
        std::size_t end = text.find_first_of("(%", at + 1);
        if (end != std::string_view::npos && text[end] == '(')
            end = text.find('%', std::min(text.find(')', end), text.size()));
        if (end == std::string_view::npos) {
            return failure(ErrorCode::InvalidArgument,
                "'" + std::string(text.substr(at)) + "' is a command without its closing '%'");
        }
        auto part = compileCommand(text.substr(at + 1, end - at - 1));
        if (!part)
            return tl::unexpected(part.error());
        if (!literal.text.empty())
            format.m_parts.push_back(std::exchange(literal, {}));
        format.m_parts.push_back(std::move(*part));
        at = end + 1;
    }
    if (format.m_parts.empty())
        format.m_text = std::move(literal.text);
    else if (!literal.text.empty())
        format.m_parts.push_back(std::move(literal));
    return format;
}

bool HeaderFormat::isOfResponse(Command command)
{
    return command == Command::ResponseHeader || command == Command::UpstreamAddress
        || command == Command::UpstreamHost || command == Command::ResponseCode;
}

bool HeaderFormat::asksResponse() const
{
    return std::ranges::any_of(
        m_parts, [](const Part& part) { return isOfResponse(part.command); });
}

namespace {

void appendAddress(const net::SocketAddress& address, std::string& out)
{
    if (!address.isEmpty())
        out += address.toString();
}

void appendHost(const net::SocketAddress& address, std::string& out)
{
    if (!address.isEmpty())
        out += address.host();
}

void appendPort(const net::SocketAddress& address, std::string& out)
{
    if (!address.isEmpty())
        out += std::to_string(address.port());
}

} // namespace

void HeaderFormat::appendOfRequest(const Part& part, const RequestFacts& facts, std::string& out)
{
    const RequestView& request = facts.request;
    const ConnectionInfo* const connection = request.connection;
    static const net::SocketAddress kNone;
    const auto direct
        = [&]() -> const auto& { return connection ? connection->remoteAddress() : kNone; };
    const auto local
        = [&]() -> const auto& { return connection ? connection->localAddress() : kNone; };
    switch (part.command) {
    case Command::RequestHeader: {
        auto value = request.header(part.text);
        if (!value && !part.other.empty())
            value = request.header(part.other);
        out += value.value_or("");
        break;
    }
    case Command::RemoteAddress:
        appendAddress(request.remoteAddress(), out);
        break;
    case Command::RemoteHost:
        appendHost(request.remoteAddress(), out);
        break;
    case Command::RemotePort:
        appendPort(request.remoteAddress(), out);
        break;
    case Command::DirectAddress:
        appendAddress(direct(), out);
        break;
    case Command::DirectHost:
        appendHost(direct(), out);
        break;
    case Command::DirectPort:
        appendPort(direct(), out);
        break;
    case Command::LocalAddress:
        appendAddress(local(), out);
        break;
    case Command::LocalHost:
        appendHost(local(), out);
        break;
    case Command::LocalPort:
        appendPort(local(), out);
        break;
    case Command::Protocol:
        out += request.protocol();
        break;
    case Command::StartTime:
        out += formatTime(facts.startedAt, part.text);
        break;
    case Command::RouteName:
        out += facts.routeName;
        break;
    case Command::UpstreamCluster:
        out += facts.cluster;
        break;
    case Command::ServerName:
        out += connection ? connection->serverName() : std::string_view();
        break;
    case Command::PeerUriSan:
        if (connection != nullptr && !connection->principals().empty())
            out += connection->principals().front();
        break;
    case Command::Scheme:
        out += request.scheme;
        break;
    case Command::Method:
        out += request.method;
        break;
    case Command::Path:
        out += request.target();
        break;
    default:
        break;
    }
}

void HeaderFormat::appendOfResponse(const Part& part, const ResponseFacts& facts, std::string& out)
{
    switch (part.command) {
    case Command::ResponseHeader: {
        std::string_view value = findHeader(facts.headers, part.text);
        if (value.empty() && !part.other.empty())
            value = findHeader(facts.headers, part.other);
        out += value;
        break;
    }
    case Command::ResponseCode:
        out += std::to_string(facts.status);
        break;
    case Command::UpstreamAddress:
        out += facts.upstreamAddress;
        break;
    case Command::UpstreamHost:
        out += facts.upstreamAddress.substr(0, facts.upstreamAddress.rfind(':'));
        break;
    default:
        break;
    }
}

HeaderFormat HeaderFormat::bound(const RequestFacts& facts) const
{
    if (isLiteral())
        return *this;
    HeaderFormat filled;
    std::string text;
    for (const Part& part : m_parts) {
        const std::size_t start = text.size();
        if (part.command == Command::Text) {
            text += part.text;
        } else if (isOfResponse(part.command)) {
            if (!text.empty())
                filled.m_parts.push_back({Command::Text, std::exchange(text, {}), {}});
            filled.m_parts.push_back(part);
        } else {
            appendOfRequest(part, facts, text);
            text.resize(std::min(text.size(), start + std::min(part.maxLength, text.size())));
        }
    }
    if (filled.m_parts.empty())
        filled.m_text = std::move(text);
    else if (!text.empty())
        filled.m_parts.push_back({Command::Text, std::move(text), {}});
    return filled;
}

void HeaderFormat::append(const ResponseFacts* facts, std::string& out) const
{
    out += m_text;
    for (const Part& part : m_parts) {
        const std::size_t start = out.size();
        if (part.command == Command::Text)
            out += part.text;
        else if (facts != nullptr)
            appendOfResponse(part, *facts, out);
        out.resize(std::min(out.size(), start + std::min(part.maxLength, out.size())));
    }
}

std::string HeaderFormat::value(const RequestFacts& request) const
{
    std::string out;
    bound(request).append(nullptr, out);
    return out;
}

} // namespace meshyard::proxy
