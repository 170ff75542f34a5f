// SPDX-License-Identifier: GPL-3.0-or-later
// What the descriptors don't say about the fields that have a form: the table of design §5 and of
// Istio's DestinationRule. Ranges equal those of check_resilience.cpp and check_rules.cpp.
#include "embedded-mesh/config/form_notes.h"

#include <array>
#include <limits>

namespace meshyard::config {
namespace {

struct Note
{
    std::string_view message;
    std::string_view field;
    std::string_view defaultValue;
    double low;
    double high;
    std::string_view doc;
};

constexpr double kAny = std::numeric_limits<double>::infinity();
constexpr double kInt32 = 2147483647.0;
constexpr double kDay = 86400;

constexpr std::array kNotes = {
    Note{
        "CircuitBreaker", "source", "", 0, kAny, "The callers it is for; without it, all of them."},
    Note{"CircuitBreaker", "destination", "", 0, kAny,
        "The called service it is for; without it, all of the document's namespace."},
    Note{"CircuitBreaker", "enabled", "true", 0, 1, "Off: calls pass and nothing is computed."},
    Note{"CircuitBreaker", "mode", "ENFORCE", 0, kAny,
        "OBSERVE computes every transition and lets all calls pass."},
    Note{"CircuitBreaker", "window", "10s", 1, 300, "How far back outcomes are counted."},
    Note{"CircuitBreaker", "buckets", "10", 1, 100, "Parts the window moves by."},
    Note{"CircuitBreaker", "minCalls", "20", 1, 1e6,
        "Below so many calls in the window the ratios are silent."},
    Note{"CircuitBreaker", "failureRatio", "0.5", 0, 1,
        "Opens when at least this share of calls failed; 0 switches the rule off."},
    Note{"CircuitBreaker", "slowCall", "1s", 0, 3600,
        "A call at least this long is slow; 0s switches the rule off."},
    Note{"CircuitBreaker", "slowRatio", "0.8", 0, 1,
        "Opens when at least this share of calls was slow; 0 switches the rule off."},
    Note{"CircuitBreaker", "consecutive", "5", 0, 1e6,
        "Opens after so many failures in a row; 0 switches the rule off."},
    Note{"CircuitBreaker", "failureOn",
        "[connect-error, reset, timeout, 5xx, UNAVAILABLE, INTERNAL, DEADLINE_EXCEEDED, DATA_LOSS]",
        0, kAny, "Outcomes that count as failures."},
    Note{"CircuitBreaker", "softFailureOn", "[\"429\", RESOURCE_EXHAUSTED]", 0, kAny,
        "Outcomes that count in the ratio only, and fail a trial."},
    Note{"CircuitBreaker", "ignoreOn", "[cancelled, 4xx]", 0, kAny,
        "Outcomes that count nowhere; a trial returns its permit."},
    Note{"CircuitBreaker", "openBase", "5s", 0.001, 3600,
        "How long it stays open the first time; doubles with each failed half-open."},
    Note{"CircuitBreaker", "openMax", "60s", 0.001, kDay, "The longest it stays open."},
    Note{"CircuitBreaker", "jitter", "0.2", 0, 1, "Random share added to the open time."},
    Note{"CircuitBreaker", "trialCalls", "5", 1, 10'000, "Calls let through while half-open."},
    Note{"CircuitBreaker", "trialSuccess", "4", 1, 10'000, "Trials that must succeed to close."},
    Note{"CircuitBreaker", "trialConcurrency", "1", 1, 1'000, "Trials in flight at once."},
    Note{"CircuitBreaker", "trialTimeout", "", 0.001, 3600,
        "A trial not answered by then has failed; without it the route's timeout, at most 5 s."},
    Note{"CircuitBreaker", "halfOpenMax", "30s", 0.001, kDay, "Half-open ends by then."},
    Note{"CircuitBreaker", "ramp", "0s", 0, 3600,
        "After closing, the share of admitted calls grows over this time."},
    Note{"CircuitBreaker", "rejectStatus", "503", 400, 599, "HTTP status of a refused call."},
    Note{"Override", "kind", "", 0, kAny, "Force the edge open or closed, or drain a share of it."},
    Note{"Override", "drainPercent", "", 1, 100, "Share of calls refused while DRAINING."},
    Note{"Override", "ttl", "10m", 5, kDay, "When the override ends by itself."},
    Note{"Override", "reason", "manual", 0, kAny, "Why; shown beside the badge."},
    Note{"TCPSettings", "maxConnections", "", 0, kInt32,
        "Connections to the service from one caller; empty = no limit."},
    Note{"TCPSettings", "connectTimeout", "10s", 0.001, 3600, "How long connecting may take."},
    Note{"TCPSettings", "maxConnectionDuration", "", 0.001, kAny,
        "Connections older than this are closed."},
    Note{"TCPSettings", "idleTimeout", "1h", 0, kAny,
        "Idle connections are closed after this; 0s = never."},
    Note{"HTTPSettings", "http1MaxPendingRequests", "", 0, kInt32,
        "Requests that may wait for a connection; empty = no limit."},
    Note{"HTTPSettings", "http2MaxRequests", "", 0, kInt32,
        "Requests in flight at once, of any HTTP version; empty = no limit."},
    Note{"HTTPSettings", "maxRequestsPerConnection", "", 0, kInt32,
        "Requests before a connection is closed; 1 = no keep-alive."},
    Note{"HTTPSettings", "maxRetries", "", 0, kInt32,
        "Retries in flight at once; empty = no limit."},
    Note{"HTTPSettings", "idleTimeout", "1h", 0, kAny,
        "Connections without requests are closed after this."},
    Note{
        "HTTPSettings", "maxConcurrentStreams", "", 0, kInt32, "Streams on one HTTP/2 connection."},
    Note{"OutlierDetection", "consecutive5xxErrors", "5", 0, kInt32,
        "Server errors in a row that eject an endpoint; 0 = off."},
    Note{"OutlierDetection", "consecutiveGatewayErrors", "", 0, kInt32,
        "502, 503 or 504 in a row that eject; must be below consecutive5xxErrors to matter."},
    Note{"OutlierDetection", "consecutiveLocalOriginFailures", "", 0, kInt32,
        "Failed connections in a row that eject; needs splitExternalLocalOriginErrors."},
    Note{"OutlierDetection", "splitExternalLocalOriginErrors", "false", 0, 1,
        "Count failures to connect apart from answers."},
    Note{"OutlierDetection", "interval", "10s", 0.001, kDay,
        "How often ejections are reconsidered."},
    Note{"OutlierDetection", "baseEjectionTime", "30s", 0.001, kDay,
        "How long the first ejection lasts; each further one is longer by this."},
    Note{"OutlierDetection", "maxEjectionPercent", "10", 0, 100,
        "At most this share of the endpoints is ejected at once."},
    Note{"OutlierDetection", "minHealthPercent", "0", 0, 100,
        "Below this share of healthy endpoints nothing is ejected."},
    Note{"LoadBalancerSettings", "simple", "LEAST_REQUEST", 0, kAny, "How an endpoint is chosen."},
    Note{"HttpRoute", "timeout", "", 0, kAny,
        "How long the whole request may take; empty = no limit."},
    Note{"HttpRetry", "attempts", "", 0, 100, "Tries after the first; 0 = none."},
    Note{"HttpRetry", "perTryTimeout", "", 0.001, kDay, "How long one try may take."},
    Note{"HttpRouteDestination", "weight", "", 0, kInt32,
        "Share of the calls, relative to the others."},
    Note{"Percent", "value", "", 0, 100, "Percent of the requests."},
    Note{"PortSelector", "number", "", 1, 65535, "Port of the service."},
    Note{"Workload", "command", "", 0, kAny, "The program and its first arguments."},
    Note{"Workload", "replicas", "1", 0, 64, "How many instances run."},
    Note{"WorkloadPort", "port", "", 1, 65535, "Port of the service."},
    Note{"WorkloadPort", "targetPort", "", 1, 65535,
        "Where the program listens; empty = picked, and passed as $PORT."},
};

} // namespace

void applyNote(std::string_view message, FormField& field)
{
    if (field.type == FormType::Boolean)
        field.high = 1;
    for (const Note& note : kNotes) {
        if (note.message != message || note.field != field.name)
            continue;
        field.defaultValue = note.defaultValue;
        field.low = note.low;
        field.high = note.high;
        field.doc = note.doc;
        return;
    }
}

} // namespace meshyard::config
