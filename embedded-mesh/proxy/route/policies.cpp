// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/route/policies.h"

#include "embedded-mesh/proxy/route/proto_values.h"

#include "envoy/config/core/v3/base.pb.h"

namespace meshyard::proxy {

namespace {

using Option = envoy::config::core::v3::HeaderValueOption;

HeaderEdits::Action actionOf(const Option& option)
{
    using Action = HeaderEdits::Action;
    switch (option.append_action()) {
    case Option::ADD_IF_ABSENT:
        return Action::AddIfAbsent;
    case Option::OVERWRITE_IF_EXISTS_OR_ADD:
        return Action::Overwrite;
    case Option::OVERWRITE_IF_EXISTS:
        return Action::OverwriteIfExists;
    default:
        return option.has_append() && !option.append().value() ? Action::Overwrite : Action::Append;
    }
}

Result<HeaderEdits::Addition> compileAddition(const Option& option)
{
    const std::string& name = option.header().key();
    const std::string& value = option.header().raw_value().empty() ? option.header().value()
                                                                   : option.header().raw_value();
    if (!isHeaderName(name) || !isHeaderValue(value) || equalsIgnoreCase(name, "host")) {
        return failure(ErrorCode::InvalidArgument,
            "headers_to_add: '" + name + "' is no header line that may be added");
    }
    auto format = HeaderFormat::compile(value);
    if (!format)
        return at("headers_to_add " + name, format.error());
    HeaderEdits::Addition addition;
    addition.name = name;
    addition.action = actionOf(option);
    addition.keepEmpty = option.keep_empty_value();
    if (format->isLiteral())
        addition.value = format->text();
    else
        addition.format = std::make_shared<const HeaderFormat>(std::move(*format));
    return addition;
}

} // namespace

Result<void> HeaderEdits::append(const Options& add, const Names& remove)
{
    for (const std::string& name : remove) {
        if (name.empty() || name.front() == ':' || equalsIgnoreCase(name, "host"))
            return failure(
                ErrorCode::InvalidArgument, "headers_to_remove: '" + name + "' may not be removed");
        this->remove(name);
    }
    for (const Option& option : add) {
        auto addition = compileAddition(option);
        if (!addition)
            return tl::unexpected(addition.error());
        if (addition->format || !addition->value.empty() || addition->keepEmpty)
            this->add(std::move(*addition));
    }
    return {};
}

void HeaderEdits::append(const HeaderEdits& later)
{
    for (const std::string& name : later.removals)
        remove(name);
    for (const Addition& addition : later.additions)
        add(addition);
}

void HeaderEdits::remove(std::string_view name)
{
    dropAdditions(name);
    if (!removes(name))
        removals.emplace_back(name);
}

void HeaderEdits::add(Addition addition)
{
    const bool added = adds(addition.name);
    switch (addition.action) {
    case Action::Append:
        break;
    case Action::AddIfAbsent:
        if (added)
            return;
        if (removes(addition.name))
            addition.action = Action::Append;
        break;
    case Action::OverwriteIfExists:
        if (added)
            addition.action = Action::Overwrite;
        else if (removes(addition.name))
            return;
        dropAdditions(addition.name);
        break;
    case Action::Overwrite:
        dropAdditions(addition.name);
        break;
    }
    additions.push_back(std::move(addition));
}

void HeaderEdits::clear()
{
    removals.clear();
    additions.clear();
}

bool HeaderEdits::removes(std::string_view name) const
{
    return std::ranges::any_of(
        removals, [name](const std::string& removed) { return equalsIgnoreCase(removed, name); });
}

bool HeaderEdits::overwrites(std::string_view name) const
{
    return std::ranges::any_of(additions, [name](const Addition& addition) {
        return (addition.action == Action::Overwrite
                   || addition.action == Action::OverwriteIfExists)
            && equalsIgnoreCase(addition.name, name);
    });
}

/// Whether a header of that name is there for certain once these edits have acted.
bool HeaderEdits::adds(std::string_view name) const
{
    return std::ranges::any_of(additions, [name](const Addition& addition) {
        return addition.action != Action::OverwriteIfExists
            && equalsIgnoreCase(addition.name, name);
    });
}

void HeaderEdits::dropAdditions(std::string_view name)
{
    std::erase_if(additions,
        [name](const Addition& addition) { return equalsIgnoreCase(addition.name, name); });
}

bool HeaderEdits::isDynamic() const
{
    return std::ranges::any_of(
        additions, [](const Addition& addition) { return addition.format != nullptr; });
}

HeaderEdits HeaderEdits::bound(const RequestFacts& facts) const
{
    HeaderEdits filled;
    filled.removals = removals;
    filled.additions.reserve(additions.size());
    for (const Addition& addition : additions) {
        Addition& copy = filled.additions.emplace_back(addition);
        if (addition.format == nullptr)
            continue;
        HeaderFormat format = addition.format->bound(facts);
        copy.value = format.text();
        copy.format = format.isLiteral() ? nullptr
                                         : std::make_shared<const HeaderFormat>(std::move(format));
    }
    return filled;
}

void HeaderEdits::finish(const ResponseFacts* facts)
{
    for (Addition& addition : additions) {
        if (addition.format == nullptr)
            continue;
        addition.value.clear();
        addition.format->append(facts, addition.value);
        addition.format.reset();
    }
    std::erase_if(additions,
        [](const Addition& addition) { return !addition.keepEmpty && addition.value.empty(); });
    // Text of the peers' making may hold what no header line can.
    for (Addition& addition : additions)
        std::erase_if(addition.value, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
}

} // namespace meshyard::proxy
