// SPDX-License-Identifier: GPL-3.0-or-later
#include "embedded-mesh/proxy/upstream/breaker_struct.h"

#include <google/protobuf/struct.pb.h>

#include <cmath>
#include <vector>

namespace meshyard::proxy {

namespace {

using google::protobuf::Value;

/// Walks the keys; remembers the first one that does not fit.
class StructReader
{
public:
    StructReader(const std::string& key, const Value& value)
        : m_key(key)
        , m_value(value)
    {
    }

    void seconds(const char* key, std::chrono::microseconds& target)
    {
        if (const auto value = number(key))
            target = std::chrono::microseconds(std::llround(*value * 1e6));
    }

    void seconds(const char* key, std::optional<std::chrono::microseconds>& target)
    {
        std::chrono::microseconds value{-1};
        seconds(key, value);
        if (value.count() > 0)
            target = value;
    }

    void count(const char* key, unsigned& target)
    {
        if (const auto value = number(key))
            target = static_cast<unsigned>(std::min(*value, 4e9));
    }

    void share(const char* key, double& target)
    {
        if (const auto value = number(key))
            target = *value;
    }

    void outcomes(const char* key, OutcomeSet& target)
    {
        if (!isKey(key))
            return;
        std::vector<std::string> words;
        for (const Value& item : m_value.list_value().values()) {
            words.push_back(item.kind_case() == Value::kNumberValue
                    ? std::to_string(static_cast<int>(item.number_value()))
                    : item.string_value());
        }
        if (auto set = OutcomeSet::parse(words))
            target = *set;
        else
            m_error = set.error();
    }

    bool isKey(const char* key)
    {
        const bool is = m_key == key;
        m_known = m_known || is;
        return is;
    }

    const std::string& text() const { return m_value.string_value(); }
    bool flag() const { return m_value.bool_value(); }
    void fail(const std::string& why)
    {
        m_error = Error{ErrorCode::InvalidArgument, m_key + " " + why};
    }

    std::optional<double> number(const char* key)
    {
        if (!isKey(key))
            return std::nullopt;
        if (m_value.kind_case() != Value::kNumberValue || !std::isfinite(m_value.number_value())
            || m_value.number_value() < 0) {
            fail("must be a number, 0 or more");
            return std::nullopt;
        }
        return m_value.number_value();
    }

    Result<void> result() const
    {
        if (m_error)
            return tl::unexpected(*m_error);
        if (!m_known)
            return failure(
                ErrorCode::InvalidArgument, "'" + m_key + "' is not a field of the breaker");
        return {};
    }

private:
    const std::string& m_key;
    const Value& m_value;
    std::optional<Error> m_error;
    bool m_known = false;
};

void readTimes(StructReader& reader, BreakerPolicy& policy)
{
    reader.seconds("windowS", policy.window);
    reader.seconds("slowCallS", policy.slowCall);
    reader.seconds("openBaseS", policy.openBase);
    reader.seconds("openMaxS", policy.openMax);
    reader.seconds("trialTimeoutS", policy.trialTimeout);
    reader.seconds("halfOpenMaxS", policy.halfOpenMax);
    reader.seconds("rampS", policy.ramp);
}

void readNumbers(StructReader& reader, BreakerPolicy& policy)
{
    reader.count("buckets", policy.buckets);
    reader.count("minCalls", policy.minCalls);
    reader.share("failureRatio", policy.failureRatio);
    reader.share("slowRatio", policy.slowRatio);
    reader.count("consecutive", policy.consecutive);
    reader.share("jitter", policy.jitter);
    reader.count("trialCalls", policy.trialCalls);
    reader.count("trialSuccess", policy.trialSuccess);
    reader.count("trialConcurrency", policy.trialConcurrency);
    if (const auto status = reader.number("rejectStatus"))
        policy.rejectStatus = static_cast<int>(*status);
    if (const auto revision = reader.number("revision"))
        policy.revision = static_cast<std::uint64_t>(*revision);
}

void readRest(StructReader& reader, BreakerPolicy& policy)
{
    if (reader.isKey("enabled"))
        policy.enabled = reader.flag();
    if (reader.isKey("mode")) {
        if (reader.text() == "observe")
            policy.mode = BreakerMode::Observe;
        else if (reader.text() == "enforce")
            policy.mode = BreakerMode::Enforce;
        else
            reader.fail("must be enforce or observe");
    }
    reader.outcomes("failureOn", policy.failureOn);
    reader.outcomes("softFailureOn", policy.softFailureOn);
    reader.outcomes("ignoreOn", policy.ignoreOn);
    reader.isKey("policy"); // the document it came from: for people
}

} // namespace

Result<BreakerPolicy> breakerPolicyFrom(const google::protobuf::Struct& fields)
{
    BreakerPolicy policy;
    for (const auto& [key, value] : fields.fields()) {
        StructReader reader(key, value);
        readTimes(reader, policy);
        readNumbers(reader, policy);
        readRest(reader, policy);
        if (auto done = reader.result(); !done)
            return tl::unexpected(done.error());
    }
    policy.normalize();
    return policy;
}

} // namespace meshyard::proxy
