// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace meshyard::config {

enum class FormType : std::uint8_t {
    Text,
    Integer,
    Number,
    Boolean,
    Duration,
    Choice, ///< one of `choices`
    Map, ///< names to text
    Group, ///< `fields`
};

/// One field of a kind, for a form.
struct FormField
{
    std::string path; ///< "spec.openBase"; of a list's items "spec.http[].timeout"
    std::string name; ///< "openBase"
    FormType type = FormType::Text;
    bool list = false; ///< any number of it
    std::string defaultValue; ///< as YAML; empty = none
    double low = 0; ///< numbers; durations in seconds
    double high = std::numeric_limits<double>::infinity();
    std::vector<std::string> choices;
    std::string doc; ///< one English sentence; may be empty
    std::string exclusive; ///< fields of one group with the same name here exclude each other
    std::vector<FormField> fields;
};

/// The fields of a kind's spec in the order of its definition; empty = no such kind.
std::vector<FormField> formFields(std::string_view kind);

/// One field by its path ("spec.trafficPolicy.connectionPool" for a part of a form); a field of an
/// empty path and name = there is none.
FormField formField(std::string_view kind, std::string_view path);

} // namespace meshyard::config
