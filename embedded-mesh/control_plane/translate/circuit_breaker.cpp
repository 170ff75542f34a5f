// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/control_plane/translate/circuit_breaker.h"

#include "embedded-mesh/config/typed_resource.h"

#include "istio/kinds/v1/resilience.pb.h"

namespace meshyard::control_plane {

namespace {

using google::protobuf::Struct;

class FieldWriter
{
public:
    explicit FieldWriter(Struct& out)
        : m_fields(*out.mutable_fields())
    {
    }

    void number(const char* key, bool given, double value)
    {
        if (given)
            m_fields[key].set_number_value(value);
    }
    void seconds(const char* key, bool given, const google::protobuf::Duration& value)
    {
        number(key, given,
            static_cast<double>(value.seconds()) + static_cast<double>(value.nanos()) * 1e-9);
    }
    void text(const char* key, const std::string& value) { m_fields[key].set_string_value(value); }
    void flag(const char* key, bool value) { m_fields[key].set_bool_value(value); }
    template <typename Words> void words(const char* key, const Words& words)
    {
        if (words.empty())
            return;
        auto& list = *m_fields[key].mutable_list_value();
        for (const std::string& word : words)
            list.add_values()->set_string_value(word);
    }

private:
    google::protobuf::Map<std::string, google::protobuf::Value>& m_fields;
};

void writeRules(const kinds::v1::CircuitBreaker& spec, FieldWriter& out)
{
    out.seconds("windowS", spec.has_window(), spec.window());
    out.number("buckets", spec.has_buckets(), spec.buckets());
    out.number("minCalls", spec.has_min_calls(), spec.min_calls());
    out.number("failureRatio", spec.has_failure_ratio(), spec.failure_ratio());
    out.seconds("slowCallS", spec.has_slow_call(), spec.slow_call());
    out.number("slowRatio", spec.has_slow_ratio(), spec.slow_ratio());
    out.number("consecutive", spec.has_consecutive(), spec.consecutive());
    out.words("failureOn", spec.failure_on());
    out.words("softFailureOn", spec.soft_failure_on());
    out.words("ignoreOn", spec.ignore_on());
}

void writeRecovery(const kinds::v1::CircuitBreaker& spec, FieldWriter& out)
{
    out.seconds("openBaseS", spec.has_open_base(), spec.open_base());
    out.seconds("openMaxS", spec.has_open_max(), spec.open_max());
    out.number("jitter", spec.has_jitter(), spec.jitter());
    out.number("trialCalls", spec.has_trial_calls(), spec.trial_calls());
    out.number("trialSuccess", spec.has_trial_success(), spec.trial_success());
    out.number("trialConcurrency", spec.has_trial_concurrency(), spec.trial_concurrency());
    out.seconds("trialTimeoutS", spec.has_trial_timeout(), spec.trial_timeout());
    out.seconds("halfOpenMaxS", spec.has_half_open_max(), spec.half_open_max());
    out.seconds("rampS", spec.has_ramp(), spec.ramp());
    out.number("rejectStatus", spec.has_reject_status(), spec.reject_status());
}

} // namespace

Struct breakerMetadata(const config::Resource* document)
{
    Struct metadata;
    FieldWriter out(metadata);
    const auto* spec = document ? config::specOf<kinds::v1::CircuitBreaker>(*document) : nullptr;
    if (!spec) {
        out.text("mode", "observe");
        return metadata;
    }
    out.text("mode", spec->mode() == kinds::v1::CircuitBreaker::OBSERVE ? "observe" : "enforce");
    if (spec->has_enabled() && !spec->enabled())
        out.flag("enabled", false);
    writeRules(*spec, out);
    writeRecovery(*spec, out);
    const std::uint64_t revision = document->changed > 0 ? document->changed : document->created;
    out.number("revision", true, static_cast<double>(revision));
    out.text("policy", document->id.ns + "/" + document->id.name);
    return metadata;
}

} // namespace meshyard::control_plane
