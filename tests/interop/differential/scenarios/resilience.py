# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults, timeouts, retries, pool limits, outlier detection, local rate limits."""
SCENARIOS = []
E = "outlier detection"
T = "type.googleapis.com/envoy.extensions."


def add(policy, name, on, requests, **more):
    if policy == E:
        more["base"] = {"hosts": "ab", **more.get("base", {})}
    SCENARIOS.append({"policy": policy, "name": name, "on": on, "requests": requests, **more})


def get(path="/x", **more):
    return {"path": path, **more}


# --- faults ---------------------------------------------------------------------------------------
F = "fault"
FAULT = "envoy.filters.http.fault"


def fault_config(**fields):
    return {"@type": T + "filters.http.fault.v3.HTTPFault", **fields}


def fault(**fields):
    return {"filters": [{"name": FAULT, "typed_config": fault_config(**fields)}]}


def percent(numerator, denominator="HUNDRED"):
    return {"numerator": numerator, "denominator": denominator}


def abort(status=418, numerator=100):
    return {"http_status": status, "percentage": percent(numerator)}


def delay(text="0.3s", numerator=100):
    return {"fixed_delay": text, "percentage": percent(numerator)}


add(F, "abort", fault(abort=abort()), [get()])
add(F, "abort 40 of 100", fault(abort=abort(503, 40)), [get(times=250, by="status")])
add(F, "abort 0 of 100", fault(abort=abort(503, 0)), [get()], off=fault(abort=abort(503, 100)))
add(F, "delay", fault(delay=delay()), [get(slow=250)])
add(F, "delay and abort", fault(delay=delay(), abort=abort(500)), [get(slow=250)])
add(F, "only with a header", fault(abort=abort(), headers=[{"name": "x-h", "string_match": {"exact": "v"}}]), [get(headers=[("x-h", "v")]), get(headers=[("x-h", "w")]), get()])
add(F, "of a route", {"route": {"typed_per_filter_config": {FAULT: fault_config(abort=abort(429))}}}, [get()], base=fault())
add(F, "a route's stands in for the listener's", {"route": {"typed_per_filter_config": {FAULT: fault_config(abort=abort(429))}}}, [get()], base=fault(abort=abort(503)))
add(F, "of a virtual host", {"vhost": {"typed_per_filter_config": {FAULT: fault_config(abort=abort(410))}}}, [get()], base=fault())
add(F, "only for one upstream cluster", fault(abort=abort(), upstream_cluster="b"), [get(), get("/b")], base={"routes": [{"match": {"prefix": "/b"}, "route": {"cluster": "b"}}]})
add(F, "abort by the caller's header", fault(abort={"header_abort": {}, "percentage": percent(100)}), [get(headers=[("x-envoy-fault-abort-request", "418")]), get()])
add(F, "delay by the caller's header", fault(delay={"header_delay": {}, "percentage": percent(100)}), [get(headers=[("x-envoy-fault-delay-request", "300")], slow=250), get(slow=250)])

# --- timeouts -------------------------------------------------------------------------------------
O = "timeout"
add(O, "of the route", {"action": {"timeout": "0.25s"}}, [get(behave="delay=700", slow=600), get()])
add(O, "covers all attempts", {"action": {"timeout": "0.4s"}}, [get(behave="delay=250 503", by="x", slow=500)], base={"action": {"retry_policy": {"retry_on": "5xx", "num_retries": 5}}})
add(O, "of a try", {"action": {"retry_policy": {"retry_on": "5xx", "num_retries": 1, "per_try_timeout": "0.2s"}}}, [get(behave="script=delay=900/200", slow=700)],
    off={"action": {"retry_policy": {"retry_on": "5xx", "num_retries": 1}}})
add(O, "of a try, each too slow", {"action": {"retry_policy": {"retry_on": "5xx", "num_retries": 1, "per_try_timeout": "0.15s"}}}, [get(behave="delay=700", slow=600)])
add(O, "by the caller's header", {"hcm": {"use_remote_address": True, "internal_address_config": {"cidr_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]}}}, [get(behave="delay=600", headers=[("x-envoy-upstream-rq-timeout-ms", "200")], slow=500)], off={"action": {"timeout": "5s"}, "filters": [
    {"name": "envoy.filters.http.header_mutation", "typed_config": {"@type": T + "filters.http.header_mutation.v3.HeaderMutation", "mutations": {"request_mutations": [{"remove": "x-envoy-upstream-rq-timeout-ms"}]}}}]})
add(O, "idle stream", {"action": {"idle_timeout": "0.25s"}}, [get(behave="delay=800", slow=700), get()])
add(O, "0 means none", {"action": {"timeout": "0s"}}, [get(behave="delay=500", slow=400)], off={"action": {"timeout": "0.2s"}})
add(O, "of the connect", {"cluster": {"connect_timeout": "0.2s"}}, [get()], base={"hosts": ["closed"]}, off={"hosts": "a"})

# --- retries --------------------------------------------------------------------------------------
Y = "retry"


def retry(on="5xx", number=2, **more):
    more.setdefault("retry_back_off", {"base_interval": "0.005s", "max_interval": "0.02s"})
    return {"action": {"retry_policy": {"retry_on": on, "num_retries": number, **more}}}


add(Y, "5xx", retry(), [get(behave="script=503/200"), get(behave="script=500/502/200"), get(behave="404")])
add(Y, "no more than num_retries", retry(number=2), [get(behave="503")])
add(Y, "once by default", {"action": {"retry_policy": {"retry_on": "5xx"}}}, [get(behave="503")])
add(Y, "gateway-error", retry("gateway-error"), [get(behave="script=503/200"), get(behave="script=500/200"), get(behave="script=504/200"), get(behave="script=reset/200")])
add(Y, "retriable-4xx", retry("retriable-4xx"), [get(behave="script=409/200"), get(behave="script=404/200")])
add(Y, "retriable-status-codes", retry("retriable-status-codes", retriable_status_codes=[429, 418]), [get(behave="script=429/200"), get(behave="script=418/200"), get(behave="script=503/200")])
add(Y, "retriable-headers", retry("retriable-headers", retriable_headers=[{"name": "x-again", "present_match": True}]), [get(behave="script=h=x-again=1/200"), get(behave="503")])
add(Y, "reset", retry("reset"), [get(behave="script=reset/200"), get(behave="script=503/200")])
add(Y, "connect-failure", retry("connect-failure", number=5), [get(times=20, by="status")], base={"hosts": ["a", "closed"]})
add(Y, "a POST with its body", retry(), [get(method="POST", body=b"once more", behave="script=503/200")])
add(Y, "a body beyond the buffer is not sent again", retry(), [get(method="POST", body=b"x" * 3_000_000, behave="script=503/200"), get(behave="script=503/200")])
add(Y, "on another host", retry(number=1, retry_host_predicate=[{"name": "envoy.retry_host_predicates.previous_hosts",
    "typed_config": {"@type": T + "retry.host.previous_hosts.v3.PreviousHostsPredicate"}}], host_selection_retry_max_attempts=10),
    [get(behave="b:503", times=60, by="status", tolerance=0.1)], base={"cluster": {"lb_policy": "RANDOM"}}, off=retry(number=1))
add(Y, "of the virtual host", {"vhost": {"retry_policy": {"retry_on": "5xx", "num_retries": 1}}}, [get(behave="script=503/200")])
add(Y, "the route's policy is the only one", {"vhost": {"retry_policy": {"retry_on": "5xx", "num_retries": 3}}, **retry("gateway-error", 1)}, [get(behave="script=500/500/200"), get(behave="script=503/503/200")], off={"vhost": {"retry_policy": {"retry_on": "5xx", "num_retries": 3}}})
add(Y, "only requests with a header", retry(retriable_request_headers=[{"name": "x-safe", "present_match": True}]), [get(behave="script=503/200"), get(headers=[("x-safe", "1")], behave="script=503/200")], off=retry())
add(Y, "backs off", retry(number=1, retry_back_off={"base_interval": "0.4s", "max_interval": "0.4s"}), [get(behave="script=503/200", times=12, by="status")])
add(Y, "max_retries bounds them", {"cluster": {"circuit_breakers": {"thresholds": [{"max_retries": 1}]}}}, [get(times=6, together=True, behave="delay=250 503", by="seen", tolerance=0.2)],
    base={"hosts": "a", **retry(number=1)}, off={"cluster": {"circuit_breakers": {"thresholds": [{"max_retries": 10}]}}})
add(Y, "retry budget", {"cluster": {"circuit_breakers": {"thresholds": [{"retry_budget": {"budget_percent": {"value": 20}, "min_retry_concurrency": 2}}]}}},
    [get(times=6, together=True, behave="delay=250 503", by="seen", tolerance=0.2)], base={"hosts": "a", **retry(number=1)}, off={"cluster": {"circuit_breakers": {"thresholds": [{"max_retries": 10}]}}})
add(Y, "by the caller's header", {"hcm": {"use_remote_address": True, "internal_address_config": {"cidr_ranges": [{"address_prefix": "127.0.0.0", "prefix_len": 8}]}}}, [get(headers=[("x-envoy-retry-on", "5xx"), ("x-envoy-max-retries", "2")], behave="script=503/503/200")],
    off={"filters": [{"name": "envoy.filters.http.header_mutation", "typed_config": {"@type": T + "filters.http.header_mutation.v3.HeaderMutation", "mutations": {"request_mutations": [{"remove": "x-envoy-retry-on"}]}}}]})

# --- pool limits ----------------------------------------------------------------------------------
P = "pool limits"


def limits(**thresholds):
    return {"cluster": {"circuit_breakers": {"thresholds": [thresholds]}}}


def protocol(**fields):
    return {"cluster": {"typed_extension_protocol_options": {"envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
        "@type": T + "upstreams.http.v3.HttpProtocolOptions", "explicit_http_config": {"http_protocol_options": {}}, **fields}}}}


BUSY = get(times=6, together=True, behave="delay=300", by="status", tolerance=0.1)
add(P, "max_requests", limits(max_requests=2), [BUSY], base={"hosts": "a"})
add(P, "max_connections and max_pending_requests", limits(max_connections=1, max_pending_requests=2), [BUSY], base={"hosts": "a"})
add(P, "no pending requests", limits(max_connections=2, max_pending_requests=0), [BUSY], base={"hosts": "a"})
add(P, "pending requests are served later", limits(max_connections=1, max_pending_requests=100), [get(times=3, together=True, behave="delay=200", by="status"), {**get(behave="delay=200"), "slow": 100}], base={"hosts": "a"}, off=limits(max_connections=1, max_pending_requests=1))
add(P, "max_requests 0 admits none", limits(max_requests=0), [get()], base={"hosts": "a"}, stricter="our refusals say when to come back: retry-after (design, 5)")
add(P, "high priority has its own", {"action": {"priority": "HIGH"}}, [get()], base={"hosts": "a", **limits(max_requests=0)})
add(P, "requests of a connection", protocol(common_http_protocol_options={"max_requests_per_connection": 2}), [get(behave="count"), get(behave="count"), get(behave="count")], base={"hosts": "a"})
add(P, "one request a connection", protocol(common_http_protocol_options={"max_requests_per_connection": 1}), [get(behave="count"), get(behave="count")], base={"hosts": "a"})
add(P, "idle connections are closed", protocol(common_http_protocol_options={"idle_timeout": "0.2s"}), [get(behave="count"), {"wait": 1500}, get(behave="count")], base={"hosts": "a"})

# --- outlier detection ----------------------------------------------------------------------------


def outlier(**fields):
    base = {"interval": "0.2s", "base_ejection_time": "30s", "max_ejection_percent": 100, "enforcing_consecutive_5xx": 100}
    return {"cluster": {"outlier_detection": {**base, **fields}}}


def rounds(behave="", times=20, **more):
    if behave:  # Envoy ejects a little later, from another thread
        more.setdefault("tolerance", 0.4)
    return get(behave=behave, times=times, **more)


add(E, "consecutive 5xx", outlier(consecutive_5xx=3), [rounds("b:503"), rounds()])
add(E, "five by default", outlier(), [rounds("b:503", 8), rounds(times=12), rounds("b:503", 12), rounds()])
add(E, "a success starts the count anew", outlier(consecutive_5xx=3), [rounds("b:503", 4), rounds(times=6), rounds("b:503", 4), rounds(), rounds("b:503", 12), rounds()])
add(E, "4xx do not count", outlier(consecutive_5xx=3), [rounds("b:404"), rounds(), rounds("b:500"), rounds()])
add(E, "consecutive gateway failures", outlier(enforcing_consecutive_5xx=0, consecutive_gateway_failure=3, enforcing_consecutive_gateway_failure=100), [rounds("b:500"), rounds(), rounds("b:503"), rounds()])
add(E, "not enforced", outlier(consecutive_5xx=3, enforcing_consecutive_5xx=0), [rounds("b:503"), rounds()], off=outlier(consecutive_5xx=3))
add(E, "max_ejection_percent", outlier(consecutive_5xx=2, max_ejection_percent=50), [rounds("b:503 c:503 d:503", 40, gap=20, tolerance=1.1), {"wait": 300}, rounds(times=40, by="hosts")], base={"hosts": "abcd"})
add(E, "comes back", outlier(consecutive_5xx=3, base_ejection_time="0.5s"), [rounds("b:503"), rounds(), {"wait": 2500}, rounds()])
add(E, "all ejected: panic", outlier(consecutive_5xx=3), [rounds("503", 24, gap=20, tolerance=1.1), {"wait": 300}, rounds()], base={"cluster": {"common_lb_config": {"healthy_panic_threshold": {"value": 0}}}})
add(E, "connect failures", outlier(consecutive_5xx=3), [rounds(times=12, by="status"), rounds()], base={"hosts": ["a", "closed"]})
add(E, "local origin failures apart", outlier(split_external_local_origin_errors=True, consecutive_local_origin_failure=3, enforcing_consecutive_local_origin_failure=100), [rounds(times=12, by="status"), rounds()], base={"hosts": ["a", "closed"]})
add(E, "success rate", outlier(enforcing_consecutive_5xx=0, enforcing_success_rate=100, success_rate_minimum_hosts=3, success_rate_request_volume=10, success_rate_stdev_factor=500, interval="2s"),
    [rounds("b:500", 160), {"wait": 2300}, rounds(times=40, tolerance=0.08)], base={"hosts": "abcd"})
add(E, "failure percentage", outlier(enforcing_consecutive_5xx=0, failure_percentage_threshold=50, enforcing_failure_percentage=100, failure_percentage_minimum_hosts=2, failure_percentage_request_volume=10, interval="2s"),
    [rounds("b:500", 120), {"wait": 2300}, rounds(times=30)], base={"hosts": "abc"})

# --- local rate limit -----------------------------------------------------------------------------
L = "local rate limit"
LIMIT = "envoy.filters.http.local_ratelimit"


def limit_config(tokens=3, **fields):
    on = {"default_value": percent(100)}
    return {"@type": T + "filters.http.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "l", "filter_enabled": on, "filter_enforced": on,
            "token_bucket": {"max_tokens": tokens, "tokens_per_fill": tokens, "fill_interval": "60s"}, **fields}


def limit(tokens=3, **fields):
    return {"filters": [{"name": LIMIT, "typed_config": limit_config(tokens, **fields)}]}


add(L, "tokens run out", limit(), [get() for _ in range(5)])
add(L, "fills up again", limit(token_bucket={"max_tokens": 2, "tokens_per_fill": 2, "fill_interval": "0.5s"}), [get(), get(), get(), {"wait": 700}, get()])
add(L, "status of our own", limit(1, status={"code": "ServiceUnavailable"}), [get(), get()])
add(L, "headers of a refusal", limit(1, response_headers_to_add=[{"header": {"key": "x-limited", "value": "1"}}]), [get(), get()])
add(L, "not enforced", limit(1, filter_enforced={"default_value": percent(0)}), [get(), get()], off=limit(1))
add(L, "not enabled", limit(1, filter_enabled={"default_value": percent(0)}), [get(), get()], off=limit(1))
add(L, "of a route", {"routes": [{"match": {"prefix": "/few"}, "route": {"cluster": "a"}, "typed_per_filter_config": {LIMIT: limit_config(1)}}]},
    [get("/few"), get("/few"), get("/x"), get("/x")], base={"filters": [{"name": LIMIT, "typed_config": {"@type": T + "filters.http.local_ratelimit.v3.LocalRateLimit", "stat_prefix": "l"}}]})
add(L, "a refused request reaches nobody", limit(0 + 1), [get(), get(method="POST", body=b"x" * 1000)])
